import type { z } from 'zod'
import type { Assembly } from '../template/load.ts'
import { type Identity, resolve, type Scope } from '../template/resolve.ts'
import { identityOf, type Place, pseudoParameters } from './identity.ts'
import * as properties from './properties.ts'

/** Where the resources of each type go in the plan, and what their properties look like. */
const kinds = {
  'AWS::S3::Bucket': { list: 'buckets', schema: properties.BucketProperties },
  'AWS::S3::BucketPolicy': { list: 'bucketPolicies', schema: properties.BucketPolicyProperties },
  'AWS::DynamoDB::Table': { list: 'tables', schema: properties.TableProperties },
  'AWS::IAM::Role': { list: 'roles', schema: properties.RoleProperties },
  'AWS::Lambda::Function': { list: 'functions', schema: properties.FunctionProperties },
  'AWS::Lambda::Permission': { list: 'permissions', schema: properties.PermissionProperties },
  'AWS::Lambda::EventInvokeConfig': { list: 'invokeConfigs', schema: properties.InvokeConfigProperties },
  'AWS::Events::Rule': { list: 'rules', schema: properties.RuleProperties },
  'AWS::SNS::Topic': { list: 'topics', schema: properties.TopicProperties },
  'AWS::SNS::TopicPolicy': { list: 'topicPolicies', schema: properties.TopicPolicyProperties },
  'AWS::SNS::Subscription': { list: 'subscriptions', schema: properties.SubscriptionProperties },
  'AWS::ApiGatewayV2::Api': { list: 'apis', schema: properties.ApiProperties },
  'AWS::ApiGatewayV2::Integration': { list: 'integrations', schema: properties.IntegrationProperties },
  'AWS::ApiGatewayV2::Route': { list: 'routes', schema: properties.RouteProperties },
  'AWS::ApiGatewayV2::Stage': { list: 'stages', schema: properties.StageProperties },
} as const

type Kinds = typeof kinds
type Lists = { [Type in keyof Kinds as Kinds[Type]['list']]: Planned<Kinds[Type]['schema']>[] }

export interface Plan extends Omit<Lists, 'functions'> {
  /** With the directory of their code. */
  functions: (Lists['functions'][number] & { code: string })[]
}

/** A resource with its properties resolved and checked. */
interface Planned<Schema extends z.ZodType> {
  logicalId: string
  /** Its physical name: what `Ref` gives; of a topic, its ARN. */
  name: string
  /** Empty where CloudFormation tells none. */
  arn: string
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

  const lists = Object.fromEntries(Object.values(kinds).map(({ list }) => [list, []])) as unknown as Lists
  for (const [logicalId, { Type: type, Properties }] of Object.entries(template.Resources)) {
    if (!isKnown(type)) {
      if (withoutEffect[type]) continue
      throw new Error(`${logicalId}: the embedded cloud does not know resources of type ${type}`)
    }
    const { list, schema } = kinds[type]
    const { ref: name, attributes } = identities.get(logicalId)!
    const checked = named(logicalId, () => schema.parse(resolve(Properties, scope)))
    const planned = { logicalId, name, arn: attributes.Arn ?? '', properties: checked }
    ;(lists[list] as unknown[]).push(planned)
  }
  return { ...lists, functions: lists.functions.map(each => ({ ...each, code: codeOf(each) })) }

  function codeOf({ logicalId, properties }: Lists['functions'][number]): string {
    const code = assets.get(properties.Code.S3Key)
    if (!code) throw new Error(`${logicalId}: the assembly holds no asset ${properties.Code.S3Key}`)
    return code
  }
}

function isKnown(type: string): type is keyof Kinds {
  return Object.hasOwn(kinds, type)
}

function named<T>(logicalId: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`${logicalId}: ${reason}`, { cause })
  }
}
