import { readFile } from 'node:fs/promises'
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
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: 30,
      MemorySize: 512,
    })
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 })
    template.resourceCountIs('AWS::IAM::Policy', 0)
    template.resourcePropertiesCountIs('AWS::IAM::Role', { ManagedPolicyArns: Match.anyValue() }, 0)
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
          PUBLIC_URL: Match.absent(),
        },
      },
    })
    const named = await synthesizeStack({ context: { receiverId: 'berlin-1', lockMode: 'COMPLIANCE' } })
    try {
      Template.fromString(await readTemplate(named.directory)).allResourcesProperties('AWS::Lambda::Function', {
        Environment: { Variables: { RECEIVER_ID: 'berlin-1', LOCK_MODE: 'COMPLIANCE' } },
      })
    } finally {
      await named.remove()
    }
  })
})

describe('the API', () => {
  test('has every route once, and only the admin API wants an AWS signature', () => {
    const routes = Object.values(template.findResources('AWS::ApiGatewayV2::Route')).map(({ Properties }) => Properties)
    expect(routes.map(({ RouteKey }) => RouteKey).sort()).toEqual(functions.flatMap(({ routes }) => routes).sort())
    const signed = routes.filter(({ AuthorizationType }) => AuthorizationType === 'AWS_IAM')
    expect(signed.map(({ RouteKey }) => RouteKey)).toEqual(['ANY /v1/admin/{proxy+}'])
    expect(routes.filter(({ AuthorizationType }) => AuthorizationType === 'NONE')).toHaveLength(routes.length - 1)
  })

  test('answers under a domain of the provider, then under no other', async () => {
    const certificateArn = 'arn:aws:acm:eu-central-1:111122223333:certificate/1'
    const own = await synthesizeStack({ context: { domain: 'backup.example.net', certificateArn } })
    try {
      const withDomain = Template.fromString(await readTemplate(own.directory))
      withDomain.hasResourceProperties('AWS::ApiGatewayV2::Api', { DisableExecuteApiEndpoint: true })
      withDomain.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
        DomainName: 'backup.example.net',
        DomainNameConfigurations: [{ SecurityPolicy: 'TLS_1_2', CertificateArn: certificateArn }],
      })
      withDomain.allResourcesProperties('AWS::Lambda::Function', {
        Environment: { Variables: { PUBLIC_URL: 'https://backup.example.net' } },
      })
    } finally {
      await own.remove()
    }
  })
})

describe('the synthesis', () => {
  test('names no account or region and gives the same template for the same sources', async () => {
    const again = await synthesizeStack()
    try {
      const text = await readTemplate(again.directory)
      expect(text).toBe(await readTemplate(stack.directory))
      expect(text).not.toMatch(/\b\d{12}\b/)
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

  test.each([
    [{ lockMode: 'none' }, /lockMode/],
    [{ minimumDays: '0' }, /minimumDays/],
    [{ domain: 'backup.example.net' }, /domain and certificateArn go together/],
  ])('refuses the setting %j', async (context, message) => {
    await expect(synthesizeStack({ context })).rejects.toThrow(message)
  })
})
