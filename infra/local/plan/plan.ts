import type { z } from 'zod'
import type { Assembly } from '../template/load.ts'
import { type Identity, resolve, type Scope } from '../template/resolve.ts'
import { identityOf, type Place, pseudoParameters } from './identity.ts'
import * as properties from './properties.ts'

export interface Plan {
  buckets: (Planned<typeof properties.BucketProperties> & { arn: string })[]
  bucketPolicies: Planned<typeof properties.BucketPolicyProperties>[]
  tables: Planned<typeof properties.TableProperties>[]
  roles: (Planned<typeof properties.RoleProperties> & { arn: string })[]
  functions: (Planned<typeof properties.FunctionProperties> & { arn: string; code: string })[]
  permissions: Planned<typeof properties.PermissionProperties>[]
  rules: (Planned<typeof properties.RuleProperties> & { arn: string })[]
  /** `name` is the ARN. */
  topics: Planned<typeof properties.TopicProperties>[]
  topicPolicies: Planned<typeof properties.TopicPolicyProperties>[]
  subscriptions: Planned<typeof properties.SubscriptionProperties>[]
  apis: Planned<typeof properties.ApiProperties>[]
  integrations: Planned<typeof properties.IntegrationProperties>[]
  routes: Planned<typeof properties.RouteProperties>[]
  stages: Planned<typeof properties.StageProperties>[]
}

/** A resource with its properties resolved and checked. */
interface Planned<Schema extends z.ZodType> {
  logicalId: string
  /** Its physical name: what `Ref` gives. */
  name: string
  properties: z.output<Schema>
}

/** Known types that nothing is made for, each with the reason. */
const withoutEffect: Record<string, string> = {
  'AWS::CloudWatch::Alarm': 'there are no metrics to watch; whoever runs the host sees its log',
  'AWS::KMS::Key': 'nothing lies encrypted here; whether a role may use the key is asked all the same',
  'AWS::Logs::LogGroup': 'console output goes to a file of the cloud directory, which its owner may remove',
}

/**
 * Turns the template into what the embedded cloud has to run. Everything is resolved and checked before anything is started.
 * @throws Error naming the resource whose type, property or intrinsic is unknown
 */
export function planResources({ template, assets }: Assembly, place: Place): Plan {
  const identities = new Map<string, Identity>()
  for (const [logicalId, resource] of Object.entries(template.Resources))
    identities.set(logicalId, identityOf(logicalId, resource, place))
  const scope: Scope = { identities, pseudo: pseudoParameters(place) }

  const plan: Plan = {
    buckets: [],
    bucketPolicies: [],
    tables: [],
    roles: [],
    functions: [],
    permissions: [],
    rules: [],
    topics: [],
    topicPolicies: [],
    subscriptions: [],
    apis: [],
    integrations: [],
    routes: [],
    stages: [],
  }
  for (const [logicalId, { Type: type, Properties }] of Object.entries(template.Resources)) {
    const { ref: name, attributes } = identities.get(logicalId)!
    const arn = attributes.Arn ?? ''
    const planned = <Schema extends z.ZodType>(schema: Schema): Planned<Schema> => ({
      logicalId,
      name,
      properties: named(logicalId, () => schema.parse(resolve(Properties, scope))),
    })
    switch (type) {
      case 'AWS::S3::Bucket':
        plan.buckets.push({ ...planned(properties.BucketProperties), arn })
        break
      case 'AWS::S3::BucketPolicy':
        plan.bucketPolicies.push(planned(properties.BucketPolicyProperties))
        break
      case 'AWS::DynamoDB::Table':
        plan.tables.push(planned(properties.TableProperties))
        break
      case 'AWS::IAM::Role':
        plan.roles.push({ ...planned(properties.RoleProperties), arn })
        break
      case 'AWS::Lambda::Function': {
        const lambda = planned(properties.FunctionProperties)
        const code = assets.get(lambda.properties.Code.S3Key)
        if (!code) throw new Error(`${logicalId}: the assembly holds no asset ${lambda.properties.Code.S3Key}`)
        plan.functions.push({ ...lambda, arn, code })
        break
      }
      case 'AWS::Lambda::Permission':
        plan.permissions.push(planned(properties.PermissionProperties))
        break
      case 'AWS::Lambda::EventInvokeConfig':
        planned(properties.InvokeConfigProperties)
        break
      case 'AWS::Events::Rule':
        plan.rules.push({ ...planned(properties.RuleProperties), arn })
        break
      case 'AWS::SNS::Topic':
        plan.topics.push(planned(properties.TopicProperties))
        break
      case 'AWS::SNS::TopicPolicy':
        plan.topicPolicies.push(planned(properties.TopicPolicyProperties))
        break
      case 'AWS::SNS::Subscription':
        plan.subscriptions.push(planned(properties.SubscriptionProperties))
        break
      case 'AWS::ApiGatewayV2::Api':
        plan.apis.push(planned(properties.ApiProperties))
        break
      case 'AWS::ApiGatewayV2::Integration':
        plan.integrations.push(planned(properties.IntegrationProperties))
        break
      case 'AWS::ApiGatewayV2::Route':
        plan.routes.push(planned(properties.RouteProperties))
        break
      case 'AWS::ApiGatewayV2::Stage':
        plan.stages.push(planned(properties.StageProperties))
        break
      default:
        if (!withoutEffect[type])
          throw new Error(`${logicalId}: the embedded cloud does not know resources of type ${type}`)
    }
  }
  return plan
}

function named<T>(logicalId: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`${logicalId}: ${reason}`, { cause })
  }
}
