import { z } from 'zod'

/**
 * The properties of every resource type that the embedded cloud runs. The objects are strict: a property that is not listed is
 * refused, so nothing in the template can be without effect here unless this file says so. `inAwsOnly` marks those, with the reason.
 */
const inAwsOnly = (_reason: string) => z.unknown().optional()

const PolicyDocument = z.strictObject({ Version: z.literal('2012-10-17'), Statement: z.array(z.unknown()) })

export const BucketProperties = z.strictObject({
  ObjectLockEnabled: z.boolean().default(false),
  VersioningConfiguration: z.strictObject({ Status: z.literal('Enabled') }),
  CorsConfiguration: z
    .strictObject({
      CorsRules: z.array(
        z.strictObject({
          AllowedMethods: z.array(z.string()),
          AllowedOrigins: z.array(z.string()),
          AllowedHeaders: z.array(z.string()).default([]),
          ExposedHeaders: z.array(z.string()).default([]),
          MaxAge: z.number().optional(),
        }),
      ),
    })
    .optional(),
  BucketEncryption: inAwsOnly('encryption at rest under a key of AWS; what lies here is sealed already'),
  LifecycleConfiguration: inAwsOnly('a backstop after 30 days; the receiver itself gives uploads up after seven'),
  OwnershipControls: inAwsOnly('there is one account and no access control lists'),
  PublicAccessBlockConfiguration: inAwsOnly('the stand-in has no public access at all'),
})

export const BucketPolicyProperties = z.strictObject({ Bucket: z.string(), PolicyDocument })

const KeySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }))

export const TableProperties = z.strictObject({
  AttributeDefinitions: z.array(z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) })),
  KeySchema,
  BillingMode: z.literal('PAY_PER_REQUEST'),
  GlobalSecondaryIndexes: z
    .array(
      z.strictObject({
        IndexName: z.string(),
        KeySchema,
        Projection: z.strictObject({ ProjectionType: z.enum(['ALL', 'KEYS_ONLY']) }),
      }),
    )
    .default([]),
  TimeToLiveSpecification: z.strictObject({ AttributeName: z.string(), Enabled: z.literal(true) }).optional(),
  DeletionProtectionEnabled: z.boolean().default(false),
  PointInTimeRecoverySpecification: inAwsOnly('continuous backups are a service of AWS; here the files can be copied'),
})

export const RoleProperties = z.strictObject({
  AssumeRolePolicyDocument: z.strictObject({
    Version: z.literal('2012-10-17'),
    Statement: z.tuple([
      z.strictObject({
        Action: z.literal('sts:AssumeRole'),
        Effect: z.literal('Allow'),
        Principal: z.strictObject({ Service: z.literal('lambda.amazonaws.com') }),
      }),
    ]),
  }),
  Policies: z.array(z.strictObject({ PolicyName: z.string(), PolicyDocument })).default([]),
})

export const FunctionProperties = z.strictObject({
  Code: z.strictObject({
    S3Key: z.string(),
    S3Bucket: inAwsOnly('assets are taken from the cloud assembly, not from the bootstrap bucket'),
  }),
  Handler: z.string(),
  Role: z.string(),
  MemorySize: z.number(),
  Timeout: z.number(),
  Environment: z.strictObject({ Variables: z.record(z.string(), z.string()) }),
  Runtime: z.literal('nodejs24.x'),
  Description: inAwsOnly('a text for people'),
  Architectures: inAwsOnly('the bundles are JavaScript without native parts'),
  LoggingConfig: z.strictObject({ LogGroup: z.string() }),
  ReservedConcurrentExecutions: z.literal(1).optional(),
})

/** Only what leaves nothing to happen later is known here: an invocation that fails is over. */
export const InvokeConfigProperties = z.strictObject({
  FunctionName: z.string(),
  Qualifier: z.literal('$LATEST'),
  MaximumRetryAttempts: z.literal(0),
  MaximumEventAgeInSeconds: inAwsOnly('what is due while the function still runs is dropped here at once'),
})

export const PermissionProperties = z.strictObject({
  Action: z.literal('lambda:InvokeFunction'),
  FunctionName: z.string(),
  Principal: z.enum(['apigateway.amazonaws.com', 'events.amazonaws.com']),
  SourceArn: z.string(),
})

export const RuleProperties = z.strictObject({
  ScheduleExpression: z.string(),
  State: z.literal('ENABLED'),
  Targets: z.array(
    z.strictObject({
      Id: z.string(),
      Arn: z.string(),
      RetryPolicy: z.strictObject({
        MaximumRetryAttempts: z.literal(0),
        MaximumEventAgeInSeconds: inAwsOnly('a host that is down starts nothing later'),
      }),
    }),
  ),
  Name: z.string().optional(),
  Description: inAwsOnly('a text for people'),
})

export const TopicProperties = z.strictObject({
  TopicName: z.string().optional(),
  /** Whoever publishes must be allowed to use it. */
  KmsMasterKeyId: z.string().optional(),
  DisplayName: inAwsOnly('the sender of a mail'),
})

export const TopicPolicyProperties = z.strictObject({ Topics: z.array(z.string()), PolicyDocument })

export const SubscriptionProperties = z.strictObject({
  TopicArn: z.string(),
  Protocol: z.literal('email'),
  Endpoint: z.string(),
})

export const ApiProperties = z.strictObject({
  ProtocolType: z.literal('HTTP'),
  DisableExecuteApiEndpoint: z.literal(false).optional(),
  Name: inAwsOnly('a text for people'),
  Description: inAwsOnly('a text for people'),
})

export const IntegrationProperties = z.strictObject({
  ApiId: z.string(),
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: z.string(),
  PayloadFormatVersion: z.literal('2.0'),
  TimeoutInMillis: z.number().default(30_000),
})

export const RouteProperties = z.strictObject({
  ApiId: z.string(),
  RouteKey: z.string(),
  AuthorizationType: z.enum(['NONE', 'AWS_IAM']),
  Target: z.string(),
})

export const StageProperties = z.strictObject({
  ApiId: z.string(),
  StageName: z.literal('$default'),
  AutoDeploy: z.literal(true),
  AccessLogSettings: inAwsOnly('an operational log of the service; the receiver keeps its own audit'),
  DefaultRouteSettings: inAwsOnly('throttling guards the bill of an account; one machine is slower than the limit'),
  RouteSettings: inAwsOnly("throttling, as above; the limit per agent is the function's own and holds here too"),
})
