import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'

export interface ReceiverFunctionProps {
  /** Folder that holds the bundle, index.mjs. */
  bundle: string
  description: string
  environment: Record<string, string>
  permissions: PolicyStatement[]
}

/** A function of the receiver with a role of its own, that may write to its own log and do what `permissions` say. */
export class ReceiverFunction extends Construct {
  readonly handler: LambdaFunction
  readonly role: Role

  constructor(scope: Construct, id: string, props: ReceiverFunctionProps) {
    super(scope, id)
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.THREE_MONTHS,
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
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(props.bundle),
      handler: 'index.handler',
      memorySize: 512,
      timeout: Duration.seconds(30),
      environment: props.environment,
      role: this.role.withoutPolicyUpdates(),
      logGroup,
    })
  }
}
