// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation and IAM write their variables this way
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { functions } from '../../infra/functions.ts'
import { type Access, administrator, makeAccess } from '../../infra/local/iam/access.ts'
import { evaluate } from '../../infra/local/iam/evaluate.ts'
import { compileStatement } from '../../infra/local/iam/statement.ts'
import { type Plan, planResources } from '../../infra/local/plan/plan.ts'
import { loadAssembly } from '../../infra/local/template/load.ts'
import { seed, times } from '../support/counts.ts'
import { synthesizeStack } from '../support/stack.ts'

const role = 'arn:aws:iam::000000000000:role/reader'
const object = 'arn:aws:s3:::vault/packs/one'
const identity = (statement: object) =>
  compileStatement({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...statement }, 'identity', 'test')
const resource = (statement: object) =>
  compileStatement({ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*', ...statement }, 'resource', 'test')
const ask = (
  statements: object[],
  question: { action?: string; resource?: string; context?: Record<string, string[]> } = {},
) =>
  evaluate(
    { principal: role, action: 's3:GetObject', resource: object, context: {}, ...question },
    role,
    statements as never,
  ).allowed

describe('the order of evaluation', () => {
  test('denies what nobody allows', () => {
    expect(ask([])).toBe(false)
    expect(ask([identity({ Action: 's3:PutObject' })])).toBe(false)
  })

  test('lets an explicit deny win over any allow', () => {
    expect(ask([identity({})])).toBe(true)
    expect(ask([identity({}), resource({})])).toBe(false)
    expect(ask([resource({}), identity({})])).toBe(false)
  })

  test('an allow of the bucket policy is enough for the principal it names, and for no other', () => {
    expect(ask([resource({ Effect: 'Allow', Principal: { AWS: role } })])).toBe(true)
    expect(ask([resource({ Effect: 'Allow', Principal: { AWS: `${role}2` } })])).toBe(false)
  })
})

describe('patterns', () => {
  test.each([
    ['s3:*', 's3:GetObject', true],
    ['s3:Get*', 's3:GetObject', true],
    ['S3:getobject', 's3:GetObject', true],
    ['s3:Get?bject', 's3:GetObject', true],
    ['s3:GetObject', 's3:GetObjectVersion', false],
    ['s3:ListBucket', 's3:ListBucketVersions', false],
    ['*', 'dynamodb:GetItem', true],
  ])('the action %s covers %s: %s', (Action, action, expected) => {
    expect(ask([identity({ Action })], { action })).toBe(expected)
  })

  test.each([
    ['arn:aws:s3:::vault/packs/*', 'arn:aws:s3:::vault/packs/a/b', true],
    ['arn:aws:s3:::vault/packs/*', 'arn:aws:s3:::vault/meta/a', false],
    ['arn:aws:s3:::vault/packs/*', 'arn:aws:s3:::vault', false],
    ['arn:aws:s3:::vault/PACKS/*', 'arn:aws:s3:::vault/packs/a', false],
    ['arn:aws:s3:::v.ult/*', 'arn:aws:s3:::vault/a', false],
    ['arn:aws:s3:::vault/a(b)[c]', 'arn:aws:s3:::vault/a(b)[c]', true],
    ['arn:aws:s3:::vault/*', 'arn:aws:s3:::vault/line\nbreak', true],
  ])('the resource %s covers %j: %s', (Resource, asked, expected) => {
    expect(ask([identity({ Resource })], { resource: asked })).toBe(expected)
  })

  test('a text without wildcards covers itself alone', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (stated, other) => {
        fc.pre(!/[*?:]|\$\{/.test(stated))
        const [Resource, asked] = [`arn:aws:s3:::vault/${stated}`, `arn:aws:s3:::vault/${other}`]
        expect(ask([identity({ Resource })], { resource: asked })).toBe(stated === other)
        expect(ask([identity({ Resource })], { resource: Resource })).toBe(true)
      }),
      { seed, numRuns: times(2000) },
    )
  })
})

describe('conditions', () => {
  const age = (value: number) => ({ context: { 's3:signatureage': [String(value)] } })
  test.each([
    ['Bool', { Bool: { 'aws:SecureTransport': 'false' } }, { 'aws:securetransport': ['false'] }, true],
    ['Bool', { Bool: { 'aws:SecureTransport': false } }, { 'aws:securetransport': ['true'] }, false],
    ['StringEquals of several', { StringEquals: { 's3:authType': ['a', 'b'] } }, { 's3:authtype': ['b'] }, true],
    ['StringEquals, absent', { StringEquals: { 's3:authType': 'a' } }, {}, false],
    ['StringNotEquals', { StringNotEquals: { 's3:authType': ['a', 'b'] } }, { 's3:authtype': ['b'] }, false],
    ['StringNotEquals, absent', { StringNotEquals: { 's3:authType': 'a' } }, {}, true],
    ['StringLike', { StringLike: { 's3:prefix': 'packs/*' } }, { 's3:prefix': ['packs/x'] }, true],
    ['StringNotLike', { StringNotLike: { 's3:prefix': 'packs/*' } }, { 's3:prefix': ['packs/x'] }, false],
    ['IfExists, absent', { StringEqualsIfExists: { 's3:authType': 'a' } }, {}, true],
    ['IfExists, other', { StringEqualsIfExists: { 's3:authType': 'a' } }, { 's3:authtype': ['b'] }, false],
    [
      'ArnLike, part for part',
      { ArnLike: { 'aws:SourceArn': 'arn:aws:cloudwatch:*:0:alarm:*' } },
      { 'aws:sourcearn': ['arn:aws:cloudwatch:us-east-1:0:alarm:a:b'] },
      true,
    ],
    [
      'ArnLike, of another account',
      { ArnLike: { 'aws:SourceArn': 'arn:aws:cloudwatch:*:0:alarm:*' } },
      { 'aws:sourcearn': ['arn:aws:cloudwatch:us:1:0:alarm:a'] },
      false,
    ],
    ['Null, absent', { Null: { 's3:if-none-match': 'true' } }, {}, true],
    ['Null, present', { Null: { 's3:if-none-match': 'true' } }, { 's3:if-none-match': ['*'] }, false],
    ['not Null, present', { Null: { 's3:if-none-match': 'false' } }, { 's3:if-none-match': ['*'] }, true],
    [
      'two operators',
      { Bool: { 'aws:SecureTransport': 'true' }, StringEquals: { 's3:authType': 'a' } },
      { 'aws:securetransport': ['true'], 's3:authtype': ['b'] },
      false,
    ],
  ])('%s: %j', (_, Condition, context, expected) => {
    expect(ask([identity({ Condition })], { context })).toBe(expected)
  })

  test('numbers compare as numbers, also at the edge', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000_000 }), fc.integer({ min: 0, max: 2_000_000 }), (asked, stated) => {
        const holds = (operator: string) =>
          ask([identity({ Condition: { [operator]: { 's3:signatureAge': stated } } })], age(asked))
        expect(holds('NumericGreaterThan')).toBe(asked > stated)
        expect(holds('NumericGreaterThanEquals')).toBe(asked >= stated)
        expect(holds('NumericLessThan')).toBe(asked < stated)
        expect(holds('NumericLessThanEquals')).toBe(asked <= stated)
        expect(holds('NumericEquals')).toBe(asked === stated)
        expect(holds('NumericNotEquals')).toBe(asked !== stated)
      }),
      { seed, numRuns: times(1000) },
    )
  })

  test.each([
    ['an operator', { IpAddress: { 'aws:SecureTransport': 'true' } }, {}],
    ['a set operator', { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': 'T#a' } }, {}],
    ['a key', { StringEquals: { 'aws:SourceVpce': 'x' } }, {}],
    ['a key, even if it may be absent', { StringEqualsIfExists: { 'aws:SourceVpce': 'x' } }, {}],
    ['several values', { StringEquals: { 'dynamodb:LeadingKeys': 'a' } }, { 'dynamodb:leadingkeys': ['a', 'b'] }],
  ])('%s that it cannot judge never allows and always denies', (_, Condition, context) => {
    expect(ask([identity({ Condition })], { context })).toBe(false)
    expect(ask([identity({}), resource({ Condition })], { context })).toBe(false)
  })

  test('a deny does not apply where one of its conditions surely fails', () => {
    const Condition = { IpAddress: { 'aws:SecureTransport': 'x' }, Bool: { 'aws:SecureTransport': 'false' } }
    expect(ask([identity({}), resource({ Condition })], { context: { 'aws:securetransport': ['true'] } })).toBe(true)
  })
})

test.each([
  [{ NotAction: 's3:*' }, /NotAction/],
  [{ NotResource: '*' }, /NotResource/],
  [{ Effect: 'Maybe' }, /Effect/],
  [{ Resource: 'arn:aws:s3:::vault/${aws:username}/*' }, /policy variables/],
  [{ Principal: '*' }, /has no Principal/],
  [{ Action: 's3:Get' }, /AWS has no action s3:Get,/],
  [{ Effect: 'Deny', Action: 's3:BypassGovernanceRetentions' }, /AWS has no action/],
  [{ Action: ['s3:GetObject', 'ec2:RunInstances'] }, /AWS has no action ec2:RunInstances/],
  [{ Resource: 'arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/1' }, /unknown form of resource/],
  [{ Resource: 'arn:aws:sqs:us-east-1:000000000000:queue' }, /unknown form of resource/],
])('the statement %j is refused when it is loaded', (statement, message) => {
  expect(() => identity(statement)).toThrow(message)
})

test.each([
  [{ Principal: { Service: 'somebody' } }, /Principal, not somebody/],
  [{ Principal: { Federated: 'cognito-identity.amazonaws.com' } }, /Principal/],
  [{ Principal: { AWS: 'arn:aws:iam::000000000000:root' } }, /only '\*', the ARN of a role and a service/],
  [{ NotPrincipal: '*' }, /NotPrincipal/],
  [{ Principal: undefined }, /needs a Principal/],
])('the statement %j of a bucket policy is refused when it is loaded', (statement, message) => {
  expect(() => resource(statement)).toThrow(message)
})

describe('the roles of the stack', () => {
  let stack: Awaited<ReturnType<typeof synthesizeStack>>
  let plan: Plan
  let access: Access
  beforeAll(async () => {
    stack = await synthesizeStack()
    plan = planResources(await loadAssembly(stack.directory), {
      account: '000000000000',
      region: 'us-east-1',
      partition: 'aws',
      stackName: 'S',
      stackUuid: 'u',
      url: 'http://127.0.0.1:1',
    })
    access = makeAccess(plan, '000000000000', [{ accessKeyId: 'AKIA', secretAccessKey: 'secret' }])
  })
  afterAll(() => stack.remove())

  const may = (who: string, action: string, key: string, context: Record<string, string[]> = {}) => {
    const principal = who === administrator ? `arn:aws:iam::000000000000:user/${who}` : roleOf(who)
    return access.authorize({ principal, action, resource: `${plan.buckets[0]!.arn}${key}`, context }).allowed
  }
  const roleOf = (who: string) => {
    const found = plan.roles.find(({ logicalId }) => logicalId.startsWith(`${who.replace('-', '')}Role`))
    if (!found) throw new Error(`no role for ${who}`)
    return found.arn
  }
  const pack = '/packs/t/s/x/0001.pack'

  test('nobody, the account administrator included, may use an old signature or a plain connection', () => {
    const fresh = { 'aws:securetransport': ['true'], 's3:signatureage': ['960000'] }
    const old = { 'aws:securetransport': ['true'], 's3:signatureage': ['960001'] }
    const plain = { 'aws:securetransport': ['false'] }
    const weak = { 'aws:securetransport': ['true'], 's3:tlsversion': ['1.1'] }
    for (const who of ['agent-api', 'committer', administrator]) {
      expect(may(who, 's3:PutObject', pack, fresh)).toBe(true)
      for (const context of [old, plain, weak]) expect(may(who, 's3:PutObject', pack, context)).toBe(false)
    }
  })

  test('each role has keys of its own that carry a session token', () => {
    const keys = plan.roles.map(({ arn }) => access.keysOf(arn))
    expect(new Set(keys.map(({ accessKeyId }) => accessKeyId)).size).toBe(functions.length)
    for (const { accessKeyId, secretAccessKey, sessionToken } of keys)
      expect(access.credential(accessKeyId)).toMatchObject({ secretAccessKey, sessionToken })
    expect(access.credential('AKIASOMEBODY')).toBeUndefined()
  })
})
