// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation and IAM write their variables this way
import { describe, expect, test } from 'vitest'
import { planResources } from '../../infra/local/plan/plan.ts'
import type { Assembly } from '../../infra/local/template/load.ts'
import { resolve, type Scope } from '../../infra/local/template/resolve.ts'

const scope: Scope = {
  identities: new Map([['Vault', { ref: 'vault', attributes: { Arn: 'arn:aws:s3:::vault' } }]]),
  pseudo: { 'AWS::Region': 'us-east-1', 'AWS::StackId': 'arn:aws:cloudformation:r:a:stack/name/uuid' },
}

describe('intrinsic functions', () => {
  test.each([
    [{ Ref: 'Vault' }, 'vault'],
    [{ Ref: 'AWS::Region' }, 'us-east-1'],
    [{ 'Fn::GetAtt': ['Vault', 'Arn'] }, 'arn:aws:s3:::vault'],
    [{ 'Fn::GetAtt': 'Vault.Arn' }, 'arn:aws:s3:::vault'],
    [{ 'Fn::Join': ['/', [{ 'Fn::GetAtt': ['Vault', 'Arn'] }, 'packs', '*']] }, 'arn:aws:s3:::vault/packs/*'],
    [{ 'Fn::Select': [2, { 'Fn::Split': ['/', { Ref: 'AWS::StackId' }] }] }, 'uuid'],
    [
      { 'Fn::Sub': 'assets-${AWS::Region}-${Vault}-${Vault.Arn}-${!Kept}' },
      'assets-us-east-1-vault-arn:aws:s3:::vault-${Kept}',
    ],
    [{ 'Fn::Sub': ['${name}@${AWS::Region}', { name: { Ref: 'Vault' } }] }, 'vault@us-east-1'],
    [
      [{ a: { Ref: 'Vault' } }, 1, true, null],
      [{ a: 'vault' }, 1, true, null],
    ],
  ])('resolves %j', (value, expected) => {
    expect(resolve(value, scope)).toEqual(expected)
  })

  test.each([
    [{ 'Fn::Base64': 'x' }, /does not know the intrinsic function Fn::Base64/],
    [{ 'Fn::If': ['a', 'b', 'c'] }, /Fn::If/],
    [{ Ref: 'Nobody' }, /no resource or pseudo parameter Nobody/],
    [{ 'Fn::GetAtt': ['Vault', 'DomainName'] }, /does not know Vault.DomainName/],
    [{ 'Fn::Sub': '${Nobody.Arn}' }, /Nobody.Arn/],
    [{ 'Fn::Select': [3, ['a']] }, /no item 3/],
    [{ 'Fn::Join': ['', 'text'] }, /expected a list/],
    [{ Ref: 'Vault', beside: 1 }, /must stand alone/],
  ])('refuses %j', (value, message) => {
    expect(() => resolve(value, scope)).toThrow(message)
  })
})

describe('the planner', () => {
  const place = {
    account: '000000000000',
    region: 'us-east-1',
    partition: 'aws',
    stackName: 'Stack',
    stackUuid: 'uuid',
    url: 'http://127.0.0.1:1',
  }
  const plan = (Resources: Assembly['template']['Resources']) =>
    planResources({ stackName: 'Stack', template: { Resources }, assets: new Map() }, place)

  test('names buckets as S3 allows and the same after every start', () => {
    const bucket = { Type: 'AWS::S3::Bucket', Properties: { VersioningConfiguration: { Status: 'Enabled' } } }
    expect(plan({ VaultBucket1: bucket }).buckets).toMatchObject([
      { name: 'stack-vaultbucket1', arn: 'arn:aws:s3:::stack-vaultbucket1', properties: { ObjectLockEnabled: false } },
    ])
  })

  test('refuses a type of resource that it does not know', () => {
    expect(() => plan({ Queue: { Type: 'AWS::SQS::Queue', Properties: {} } })).toThrow(
      'Queue: the embedded cloud does not know resources of type AWS::SQS::Queue',
    )
  })

  test('refuses a property that it would have to ignore', () => {
    const Properties = { VersioningConfiguration: { Status: 'Enabled' }, ReplicationConfiguration: {} }
    expect(() => plan({ Vault: { Type: 'AWS::S3::Bucket', Properties } })).toThrow(/Vault: .*ReplicationConfiguration/s)
  })

  test('refuses a role with a managed policy, which it could not enforce', () => {
    const Properties = {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } }],
      },
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonS3FullAccess'],
    }
    expect(() => plan({ Role: { Type: 'AWS::IAM::Role', Properties } })).toThrow(/Role: .*ManagedPolicyArns/s)
  })

  test('refuses a function whose code is not in the assembly', () => {
    const Properties = {
      Code: { S3Key: 'gone.zip' },
      Handler: 'index.handler',
      Role: 'r',
      MemorySize: 512,
      Timeout: 30,
      Environment: { Variables: {} },
      Runtime: 'nodejs24.x',
      LoggingConfig: { LogGroup: 'logs' },
    }
    expect(() => plan({ F: { Type: 'AWS::Lambda::Function', Properties } })).toThrow(/no asset gone.zip/)
  })

  test.each([
    ['a rule that is turned off', 'AWS::Events::Rule', { State: 'DISABLED' }, /State/],
    [
      'a rule that tries again',
      'AWS::Events::Rule',
      { Targets: [{ Id: 't', Arn: 'fn', RetryPolicy: { MaximumRetryAttempts: 2 } }] },
      /MaximumRetryAttempts/,
    ],
    ['a rule that is told of events', 'AWS::Events::Rule', { EventPattern: {} }, /EventPattern/],
    ['a function that is tried again', 'AWS::Lambda::EventInvokeConfig', { MaximumRetryAttempts: 1 }, /RetryAttempts/],
    ['a subscription that is no mail', 'AWS::SNS::Subscription', { Protocol: 'sqs' }, /Protocol/],
    ['a topic of another kind', 'AWS::SNS::Topic', { FifoTopic: true }, /FifoTopic/],
    ['a permission for another service', 'AWS::Lambda::Permission', { Principal: 's3.amazonaws.com' }, /Principal/],
    ['a function for many at once', 'AWS::Lambda::Function', { ReservedConcurrentExecutions: 5 }, /Reserved/],
  ])('refuses %s, which it would not run as AWS does', (_, Type, Properties, message) => {
    expect(() => plan({ R: { Type, Properties } })).toThrow(message)
  })
})
