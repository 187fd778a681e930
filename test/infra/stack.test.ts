import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { functions } from '../../infra/functions.ts'
import { receiverApp, stackName } from '../../infra/receiver-app.ts'
import { synthesizeStack } from '../support/stack.ts'

let stack: Awaited<ReturnType<typeof synthesizeStack>>
let template: Template

const readTemplate = (directory: string) => readFile(join(directory, `${stackName}.template.json`), 'utf8')

beforeAll(async () => {
  stack = await synthesizeStack()
  template = Template.fromString(await readTemplate(stack.directory))
})
afterAll(() => stack.remove())

/** The template that other settings give. */
async function withSettings(context: Record<string, unknown>, check: (template: Template, directory: string) => void) {
  const own = await synthesizeStack({ context })
  try {
    const name = context.stage === undefined ? stackName : `${stackName}-${context.stage}`
    check(Template.fromString(await readFile(join(own.directory, `${name}.template.json`), 'utf8')), own.directory)
  } finally {
    await own.remove()
  }
}

async function fileOf(name: string, content: string) {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-logo-'))
  await writeFile(join(directory, name), content, 'latin1')
  return { path: join(directory, name), remove: () => rm(directory, { recursive: true }) }
}

describe('the vault', () => {
  test('is versioned, locks objects without a default retention and survives the stack', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        ObjectLockEnabled: true,
        ObjectLockConfiguration: Match.absent(),
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    })
  })

  test.each([
    ['anything but TLS', { Bool: { 'aws:SecureTransport': 'false' } }],
    ['TLS older than 1.2', { NumericLessThan: { 's3:TlsVersion': 1.2 } }],
    ['signatures older than 16 minutes', { NumericGreaterThan: { 's3:signatureAge': '960000' } }],
  ])('refuses %s to everybody for every action', (_, Condition) => {
    const statement = { Effect: 'Deny', Principal: { AWS: '*' }, Action: 's3:*', Condition }
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike(statement)]) },
    })
  })

  test.each([
    [
      'writing an object of a snapshot without saying that it must be new',
      {
        Action: 's3:PutObject',
        Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
      },
      ['/packs/*', '/meta/*/*/*/*'],
    ],
    ['lifting a governance lock', { Action: 's3:BypassGovernanceRetention' }, ['/packs/*', '/meta/*']],
    ['deleting without a version', { Action: 's3:DeleteObject' }, ['/packs/*', '/meta/*']],
  ])('refuses %s to everybody', (_, statement, keys) => {
    const Resource = keys.map(key => ({ 'Fn::Join': ['', [{ 'Fn::GetAtt': [Match.anyValue(), 'Arn'] }, key]] }))
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Principal: { AWS: '*' }, ...statement, Resource }),
        ]),
      },
    })
  })

  test('can lie under a key of the provider, with a loud warning, and the roles may then use that key and no other', async () => {
    const kmsKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f'
    await withSettings({ kmsKeyArn }, (own, directory) => {
      own.hasResourceProperties('AWS::S3::Bucket', {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            {
              BucketKeyEnabled: true,
              ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: kmsKeyArn },
            },
          ],
        },
      })
      const using = Object.entries(own.findResources('AWS::IAM::Role')).flatMap(([logicalId, { Properties }]) =>
        Properties.Policies[0].PolicyDocument.Statement.flatMap(
          (statement: { Sid: string; Action: string | string[] }) =>
            statement.Sid === 'VaultKey' ? [[logicalId.replace(/Role.*/, ''), statement]] : [],
        ),
      )
      const key = (...Action: string[]) => ({
        Sid: 'VaultKey',
        Effect: 'Allow',
        Action: Action.length === 1 ? Action[0] : Action,
        Resource: kmsKeyArn,
      })
      expect(Object.fromEntries(using)).toEqual({
        agentapi: key('kms:Decrypt', 'kms:GenerateDataKey'),
        committer: key('kms:Decrypt', 'kms:GenerateDataKey'),
        restoreapi: key('kms:Decrypt'),
        adminapi: key('kms:Decrypt'),
        janitor: key('kms:Decrypt', 'kms:GenerateDataKey'),
      })
      const said = JSON.stringify(readFileSync(join(directory, `${stackName}.metadata.json`), 'utf8'))
      expect(said).toMatch(/DELETING THAT KEY DESTROYS EVERY BACKUP/)
    })
  })

  test('aborts forgotten uploads after 30 days and lets only the receiver itself read from a browser', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: {
        Rules: [{ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 30 }, Status: 'Enabled' }],
      },
      CorsConfiguration: {
        CorsRules: [
          {
            AllowedMethods: ['GET'],
            AllowedOrigins: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('^Api'), 'ApiEndpoint'] }],
          },
        ],
      },
    })
  })
})

test('the catalogue is on demand, recoverable to a point in time, protected, and expires what carries a ttl', () => {
  template.hasResource('AWS::DynamoDB::Table', {
    DeletionPolicy: 'Retain',
    Properties: {
      BillingMode: 'PAY_PER_REQUEST',
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      KeySchema: [
        { AttributeName: 'PK', KeyType: 'HASH' },
        { AttributeName: 'SK', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [{ IndexName: 'by-time', Projection: { ProjectionType: 'ALL' } }],
    },
  })
})

describe('the functions', () => {
  test('run on Node.js 24 and arm64 with a log that ends and a role of their own', () => {
    template.resourceCountIs('AWS::Lambda::Function', functions.length)
    template.resourceCountIs('AWS::IAM::Role', functions.length)
    template.allResourcesProperties('AWS::Lambda::Function', { Runtime: 'nodejs24.x', Architectures: ['arm64'] })
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 })
    template.resourceCountIs('AWS::IAM::Policy', 0)
    template.resourcePropertiesCountIs('AWS::IAM::Role', { ManagedPolicyArns: Match.anyValue() }, 0)
  })

  test.each(functions.filter(({ callers }) => callers !== 'clock'))('$name answers within 30 seconds', ({ name }) => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: `FailSafe Online Backup: ${name}`,
      Timeout: 30,
      MemorySize: 512,
      ReservedConcurrentExecutions: Match.absent(),
    })
  })

  test.each([
    ['janitor', 900, 'rate(15 minutes)'],
    ['watchdog', 300, 'rate(5 minutes)'],
  ])(
    '%s is started by the clock, once at a time, and never again for a failure',
    (name, Timeout, ScheduleExpression) => {
      template.hasResourceProperties('AWS::Lambda::Function', {
        Description: `FailSafe Online Backup: ${name}`,
        Timeout,
        MemorySize: 1024,
        ReservedConcurrentExecutions: 1,
      })
      const logicalId = Match.stringLikeRegexp(`^${name}Function`)
      template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
        FunctionName: { Ref: logicalId },
        MaximumRetryAttempts: 0,
      })
      template.hasResourceProperties('AWS::Events::Rule', {
        ScheduleExpression,
        State: 'ENABLED',
        Targets: [{ Arn: { 'Fn::GetAtt': [logicalId, 'Arn'] }, RetryPolicy: { MaximumRetryAttempts: 0 } }],
      })
    },
  )

  test('only the watchdog is told of the topic', () => {
    const told = Object.entries(template.findResources('AWS::Lambda::Function')).filter(
      ([, { Properties }]) => Properties.Environment.Variables.NOTICE_TOPIC_ARN !== undefined,
    )
    expect(told.map(([logicalId]) => logicalId)).toEqual([expect.stringMatching(/^watchdogFunction/)])
  })

  test('no role is given a wildcard for an action', () => {
    const roles = template.findResources('AWS::IAM::Role')
    const actions = Object.values(roles).flatMap(role =>
      role.Properties.Policies.flatMap((policy: { PolicyDocument: { Statement: { Action: string | string[] }[] } }) =>
        policy.PolicyDocument.Statement.flatMap(({ Action }) => Action),
      ),
    )
    expect(actions.length).toBeGreaterThan(10)
    expect(actions.filter((action: string) => action.includes('*'))).toEqual([])
  })

  test('know the receiver by the stack unless its id is given', async () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: {
          RECEIVER_ID: { 'Fn::Select': [2, { 'Fn::Split': ['/', { Ref: 'AWS::StackId' }] }] },
          LOCK_MODE: 'GOVERNANCE',
          MINIMUM_DAYS: '30',
          KEEP_DAILY_DAYS: '0',
          REQUESTS_PER_MINUTE: '1200',
          WEBHOOK_ADDRESSES: 'public',
          DAILY_DOWNLOAD_BYTES: String(500 * 1024 ** 3),
          PUBLIC_URL: Match.absent(),
        },
      },
    })
    await withSettings({ receiverId: 'berlin-1', lockMode: 'COMPLIANCE' }, named =>
      named.allResourcesProperties('AWS::Lambda::Function', {
        Environment: { Variables: { RECEIVER_ID: 'berlin-1', LOCK_MODE: 'COMPLIANCE' } },
      }),
    )
  })
})

describe('the topic', () => {
  test('is encrypted under a key that the alarms of this account may use, and takes messages over TLS alone', () => {
    template.hasResourceProperties('AWS::SNS::Topic', {
      KmsMasterKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^NoticesKey'), 'Arn'] },
    })
    const alarms = {
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    }
    template.hasResourceProperties('AWS::KMS::Key', {
      EnableKeyRotation: true,
      KeyPolicy: {
        Statement: [
          { Effect: 'Allow', Action: 'kms:*', Resource: '*' },
          { ...alarms, Action: ['kms:Decrypt', 'kms:GenerateDataKey'] },
        ],
      },
    })
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Deny',
            Principal: '*',
            Action: 'sns:Publish',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
          { ...alarms, Action: 'sns:Publish' },
        ],
      },
    })
  })

  test('has no subscriber unless an address is given', async () => {
    template.resourceCountIs('AWS::SNS::Subscription', 0)
    await withSettings({ alertAddress: 'alerts@example.net' }, own =>
      own.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'alerts@example.net' }),
    )
  })
})

describe('the alarms', () => {
  const alarm = (Properties: object) =>
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: [{ Ref: Match.stringLikeRegexp('^NoticesTopic') }],
      OKActions: [{ Ref: Match.stringLikeRegexp('^NoticesTopic') }],
      ...Properties,
    })
  const of = (name: string) => [
    { Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp(`^${name.replace('-', '')}Function`) } },
  ]

  test.each(functions)('tell of errors and throttles of $name', ({ name }) => {
    for (const MetricName of ['Errors', 'Throttles'])
      alarm({ MetricName, Dimensions: of(name), Threshold: 0, ComparisonOperator: 'GreaterThanThreshold' })
  })

  test.each([
    ['janitor', 880_000],
    ['watchdog', 280_000],
  ])('tell when %s was not started for an hour, or comes close to its end', (name, Threshold) => {
    alarm({
      MetricName: 'Invocations',
      Dimensions: of(name),
      Period: 3600,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    })
    alarm({ MetricName: 'Duration', Dimensions: of(name), Statistic: 'Maximum', Threshold })
  })

  test('tell of failing calls and of a catalogue that throttles or fails', () => {
    alarm({ Namespace: 'AWS/ApiGateway', MetricName: '5xx', Statistic: 'Average', Threshold: 0.05 })
    for (const MetricName of ['ReadThrottleEvents', 'WriteThrottleEvents', 'SystemErrors'])
      alarm({ Namespace: 'AWS/DynamoDB', MetricName, TreatMissingData: 'notBreaching' })
  })
})

describe('the API', () => {
  test('holds enrolment back more than the rest, once that route is there', () => {
    template.hasResource('AWS::ApiGatewayV2::Stage', {
      Properties: {
        DefaultRouteSettings: { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 },
        RouteSettings: { 'POST /v1/enrolments': { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 20 } },
      },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('^ApiPOSTv1enrolments[0-9A-F]{8}$')]),
    })
  })

  test('has every route once, and only the admin API wants an AWS signature', () => {
    const routes = Object.values(template.findResources('AWS::ApiGatewayV2::Route')).map(({ Properties }) => Properties)
    expect(routes.map(({ RouteKey }) => RouteKey).sort()).toEqual(functions.flatMap(({ routes }) => routes).sort())
    const signed = routes.filter(({ AuthorizationType }) => AuthorizationType === 'AWS_IAM')
    expect(signed.map(({ RouteKey }) => RouteKey)).toEqual(['ANY /v1/admin/{proxy+}'])
    expect(routes.filter(({ AuthorizationType }) => AuthorizationType === 'NONE')).toHaveLength(routes.length - 1)
  })

  test('answers under a domain of the provider, then under no other', async () => {
    const certificateArn = 'arn:aws:acm:eu-central-1:111122223333:certificate/1'
    await withSettings({ domain: 'backup.example.net', certificateArn }, withDomain => {
      withDomain.hasResourceProperties('AWS::ApiGatewayV2::Api', { DisableExecuteApiEndpoint: true })
      withDomain.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
        DomainName: 'backup.example.net',
        DomainNameConfigurations: [{ SecurityPolicy: 'TLS_1_2', CertificateArn: certificateArn }],
      })
      withDomain.allResourcesProperties('AWS::Lambda::Function', {
        Environment: { Variables: { PUBLIC_URL: 'https://backup.example.net' } },
      })
    })
  })
})

describe('the synthesis', () => {
  test('names no account or region and gives the same template for the same sources', async () => {
    const again = await synthesizeStack()
    try {
      const text = await readTemplate(again.directory)
      expect(text).toBe(await readTemplate(stack.directory))
      expect(text).not.toMatch(/:\d{12}:/)
    } finally {
      await again.remove()
    }
  })

  test('leaves no finding of cdk-nag and fails for a new one', async () => {
    const report = JSON.parse(await readFile(join(stack.directory, 'validation-report.json'), 'utf8'))
    expect(report.pluginReports).toEqual([])
    const { Bucket } = await import('aws-cdk-lib/aws-s3')
    const app = receiverApp({ outdir: join(stack.directory, '../bad'), bundles: join(stack.directory, '../lambdas') })
    new Bucket(app.node.findChild(stackName), 'Careless')
    expect(() => app.synth()).toThrow(/server access logs disabled/)
  })

  test('of a stage and a region has them in its name, its outputs and its place', async () => {
    await withSettings({ stage: 'test', region: 'eu-central-1' }, (own, directory) => {
      own.hasOutput('Stage', { Value: 'test' })
      own.hasOutput('NoticeTopic', {})
      const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'))
      expect(manifest.artifacts[`${stackName}-test`].environment).toBe('aws://unknown-account/eu-central-1')
    })
    template.hasOutput('Stage', { Value: 'default' })
  })

  test('takes limits and log retention from the settings', async () => {
    const context = {
      keepMonthlyMonths: '12',
      dailyDownloadGb: '0.5',
      requestsPerMinute: '60',
      logRetentionDays: '30',
      webhookAddresses: 'any',
    }
    const throttle = { throttleRate: '50', throttleBurst: '60', enrolmentRate: '1', enrolmentBurst: '2' }
    await withSettings({ ...context, ...throttle, reserveConcurrency: 'false' }, own => {
      own.allResourcesProperties('AWS::Lambda::Function', {
        Environment: {
          Variables: {
            KEEP_MONTHLY_MONTHS: '12',
            DAILY_DOWNLOAD_BYTES: '536870912',
            REQUESTS_PER_MINUTE: '60',
            WEBHOOK_ADDRESSES: 'any',
          },
        },
        ReservedConcurrentExecutions: Match.absent(),
      })
      own.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 })
      own.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
        DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 60 },
        RouteSettings: { 'POST /v1/enrolments': { ThrottlingRateLimit: 1, ThrottlingBurstLimit: 2 } },
      })
    })
  })

  test('gives the function behind the restore page the brand of the provider, and no other', async () => {
    const logo = await fileOf('logo.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>')
    const context = {
      providerName: 'Example Hosting',
      providerContact: '+49 30 1234',
      providerLogo: logo.path,
      brandColour: '#0B5CAD',
    }
    await withSettings(context, (own, directory) => {
      const brands = Object.entries(own.findResources('AWS::Lambda::Function')).flatMap(
        ([logicalId, { Properties }]) => {
          const { PROVIDER_NAME, PROVIDER_CONTACT, PROVIDER_LOGO, BRAND_COLOUR } = Properties.Environment.Variables
          return PROVIDER_NAME === undefined
            ? []
            : [{ logicalId, PROVIDER_NAME, PROVIDER_CONTACT, PROVIDER_LOGO, BRAND_COLOUR }]
        },
      )
      expect(brands).toEqual([
        {
          logicalId: expect.stringMatching(/^restoreapiFunction/),
          PROVIDER_NAME: 'Example Hosting',
          PROVIDER_CONTACT: '+49 30 1234',
          PROVIDER_LOGO: expect.stringMatching(/^logo-[0-9a-f]{8}\.svg$/),
          BRAND_COLOUR: '#0B5CAD',
        },
      ])
      const [laid] = globSync(join(directory, `asset.*/page/${brands[0]!.PROVIDER_LOGO}`))
      expect(readFileSync(laid!, 'utf8')).toBe('<svg xmlns="http://www.w3.org/2000/svg"/>')
    })
    await logo.remove()
  })

  test.each([
    ['logo.jpg', '\xff\xd8\xff', /providerLogo: .*logo\.jpg is neither an SVG nor a PNG/],
    ['logo.svg', `<svg>${' '.repeat(51_200)}</svg>`, /providerLogo: .*logo\.svg has 51211 bytes, and 51200 at most/],
  ])('refuses the logo %s that is not one', async (name, content, message) => {
    const logo = await fileOf(name, content)
    await expect(synthesizeStack({ context: { providerLogo: logo.path } })).rejects.toThrow(message)
    await logo.remove()
  })

  test.each([
    [{ lockMode: 'none' }, /lockMode/],
    [{ brandColour: 'blue' }, /a colour such as #0b5cad.*brandColour/s],
    [{ providerLogo: 'no/such/logo.svg' }, /providerLogo: no\/such\/logo\.svg cannot be read/],
    [{ minimumDays: '0' }, /minimumDays/],
    [{ domain: 'backup.example.net' }, /domain and certificateArn go together/],
    [{ stage: 'Test!' }, /lower-case letters.*stage/s],
    [{ region: 'Frankfurt' }, /a region such as eu-central-1.*region/s],
    [{ alertAddress: 'me' }, /a mail address/],
    [{ logRetentionDays: '31' }, /CloudWatch knows only 1, 3, 5, 7/],
    [{ kmsKeyArn: 'alias/mine' }, /the ARN of a KMS key \(not of an alias\)/],
    [
      {
        kmsKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f',
        region: 'eu-north-1',
      },
      /another region/,
    ],
    [{ reserveConcurrency: 'perhaps' }, /reserveConcurrency/],
    [{ dailyDownloadGb: '-1', throttleRate: '0' }, /dailyDownloadGb.*throttleRate/s],
  ])('refuses the setting %j', async (context, message) => {
    await expect(synthesizeStack({ context })).rejects.toThrow(message)
  })
})
