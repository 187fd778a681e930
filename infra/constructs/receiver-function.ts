import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { FunctionDefinition } from '../functions.ts'
import type { Settings } from '../settings.ts'

export interface ReceiverFunctionProps {
  /** Folder that holds the bundle, index.mjs. */
  bundle: string
  definition: FunctionDefinition
  environment: Record<string, string>
  permissions: PolicyStatement[]
  settings: Settings
}

/** A function of the receiver with a role of its own, that may write to its own log and do what `permissions` say. */
export class ReceiverFunction extends Construct {
  readonly handler: LambdaFunction
  readonly role: Role

  constructor(scope: Construct, id: string, props: ReceiverFunctionProps) {
    super(scope, id)
    const { definition, settings } = props
    const logGroup = new LogGroup(this, 'Logs', {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    const logs = new PolicyStatement({
      sid: 'OwnLog',
      effect: Effect.ALLOW,
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    })
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { receiver: new PolicyDocument({ statements: [logs, ...props.permissions] }) },
    })
    this.handler = new LambdaFunction(this, 'Function', {
      description: `FailSafe Online Backup: ${definition.name}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(props.bundle),
      handler: 'index.handler',
      environment: { ...props.environment, POWERTOOLS_SERVICE_NAME: definition.name },
      role: this.role.withoutPolicyUpdates(),
      logGroup,
      ...limitsOf(definition, settings),
    })
  }
}

function limitsOf(definition: FunctionDefinition, { reserveConcurrency }: Settings) {
  if (definition.callers !== 'clock') return { memorySize: 512, timeout: Duration.seconds(30) }
  const { everyMinutes, timeoutMinutes } = definition
  return {
    memorySize: 1024,
    timeout: Duration.minutes(timeoutMinutes),
    retryAttempts: 0,
    maxEventAge: Duration.minutes(everyMinutes),
    // Two at once would be harmless, but do the same work twice: they read the same queues.
    ...(reserveConcurrency ? { reservedConcurrentExecutions: 1 } : {}),
  }
}
