import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FunctionName, functions } from '../../infra/functions.ts'
import { type Access, administrator, makeAccess } from '../../infra/local/iam/access.ts'
import { actions } from '../../infra/local/iam/actions.ts'
import { type Plan, planResources } from '../../infra/local/plan/plan.ts'
import { loadAssembly } from '../../infra/local/template/load.ts'
import { synthesizeStack } from '../support/stack.ts'

/*
 * What each function can do, measured: every action of AWS that the policies could speak of, on every kind of resource, is asked of the policies
 * of the synthesized template. What is not in this list is impossible.
 */

const account = '000000000000'
const names = functions.map(({ name }) => name)

let stack: Awaited<ReturnType<typeof synthesizeStack>>
let plan: Plan
let access: Access
/** One of each kind that a request could name. */
let resources: Record<string, string>

beforeAll(async () => {
  stack = await synthesizeStack()
  const place = {
    account,
    region: 'us-east-1',
    partition: 'aws',
    stackName: 'S',
    stackUuid: 'u',
    url: 'http://127.0.0.1:1',
  }
  plan = planResources(await loadAssembly(stack.directory), place)
  access = makeAccess(plan, account, [])
  const [vault, table, topic] = [plan.buckets[0]!.arn, plan.tables[0]!.name, plan.topics[0]!.name]
  const arn = (service: string, resource: string) => `arn:aws:${service}:us-east-1:${account}:${resource}`
  resources = {
    pack: `${vault}/packs/t/s/x/0001.pack`,
    receipt: `${vault}/meta/t/s/x/commit.json`,
    export: `${vault}/meta/t/tenant.json`,
    'another object': `${vault}/other/x`,
    'an object called like the folder': `${vault}/packs`,
    vault,
    'another bucket': `${vault}2`,
    "another bucket's pack": `${vault}2/packs/t/s/x/0001.pack`,
    table: arn('dynamodb', `table/${table}`),
    index: arn('dynamodb', `table/${table}/index/by-time`),
    'another index': arn('dynamodb', `table/${table}/index/by-tenant`),
    'another table': arn('dynamodb', `table/${table}2`),
    'another region': `arn:aws:dynamodb:eu-west-1:${account}:table/${table}`,
    'another account': `arn:aws:dynamodb:us-east-1:111122223333:table/${table}`,
    topic,
    'another topic': `${topic}2`,
    'key of the topic': plan.topics[0]!.properties.KmsMasterKeyId!,
    'another key': arn('kms', 'key/another'),
    api: arn('execute-api', `${plan.apis[0]!.name}/$default/GET/v1/admin/tenants`),
    everything: '*',
    ...Object.fromEntries(
      plan.functions.map(({ properties }, index) => [
        `log of ${names[index]}`,
        arn('logs', `log-group:${properties.LoggingConfig.LogGroup}:log-stream:1`),
      ]),
    ),
    'another log': arn('logs', 'log-group:other:log-stream:1'),
  }
})
afterAll(() => stack.remove())

/** The role that a function runs with. */
function roleOf(name: FunctionName): string {
  const found = plan.functions.find(({ logicalId }) => logicalId.startsWith(`${name.replace('-', '')}Function`))
  if (!found) throw new Error(`no function ${name}`)
  return found.properties.Role
}

/** A request over TLS with a fresh signature, that says of an object that it must be new. */
const usual = {
  'aws:securetransport': ['true'],
  's3:tlsversion': ['1.3'],
  's3:signatureage': ['1000'],
  's3:if-none-match': ['*'],
  's3:objectcreationoperation': ['true'],
}

/** By resource, every action that is allowed on it. */
function powersOf(principal: string, context: Record<string, string[]> = usual): Record<string, string[]> {
  const found = Object.entries(resources).map(([label, resource]) => {
    const allowed = actions.filter(action => access.authorize({ principal, action, resource, context }).allowed)
    return [label, allowed.sort()] as const
  })
  return Object.fromEntries(found.filter(([, allowed]) => allowed.length > 0))
}

const s3 = (...list: string[]) => list.map(name => `s3:${name}`).sort()
const dynamodb = (...list: string[]) => list.map(name => `dynamodb:${name}`).sort()
const ownLog = (name: FunctionName) => ({ [`log of ${name}`]: ['logs:CreateLogStream', 'logs:PutLogEvents'] })
const completing = ['GetObject', 'GetObjectVersion', 'PutObject', 'ListMultipartUploadParts', 'PutObjectRetention']
const byTime = { index: ['dynamodb:Query'] }

const powers: Record<FunctionName, Record<string, string[]>> = {
  'agent-api': {
    pack: s3('PutObject', 'ListMultipartUploadParts'),
    table: dynamodb('GetItem', 'Query', 'PutItem', 'UpdateItem'),
  },
  committer: {
    ...Object.fromEntries(['pack', 'receipt', 'export'].map(key => [key, s3(...completing)])),
    table: dynamodb('GetItem', 'Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem'),
  },
  'restore-api': {
    pack: s3('GetObjectVersion'),
    table: dynamodb('GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem'),
  },
  'console-api': { table: dynamodb('GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem') },
  'admin-api': {
    ...Object.fromEntries(
      ['pack', 'receipt', 'export'].map(key => [key, s3('GetObjectVersion', 'GetObjectRetention')]),
    ),
    table: dynamodb('GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem'),
  },
  janitor: {
    ...Object.fromEntries(
      ['pack', 'receipt', 'export'].map(key => [
        key,
        s3(...completing, 'DeleteObjectVersion', 'AbortMultipartUpload', 'GetObjectRetention'),
      ]),
    ),
    table: dynamodb('GetItem', 'Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem', 'DeleteItem'),
    ...byTime,
  },
  watchdog: {
    table: dynamodb('GetItem', 'Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem'),
    ...byTime,
    topic: ['sns:Publish'],
    'key of the topic': ['kms:Decrypt', 'kms:GenerateDataKey'],
  },
}

test.each(names)('%s can do exactly this, of all that AWS knows', name => {
  expect(powersOf(roleOf(name))).toEqual({ ...powers[name], ...ownLog(name) })
})

describe('what no table of powers should have to tell', () => {
  const can = (name: FunctionName, action: string, label: string, context: Record<string, string[]> = usual) =>
    access.authorize({ principal: roleOf(name), action, resource: resources[label]!, context }).allowed
  const others = (...except: FunctionName[]) => names.filter(name => !except.includes(name))
  const anywhere = (name: FunctionName, pattern: RegExp) =>
    Object.values(powersOf(roleOf(name))).flatMap(allowed => allowed.filter(action => pattern.test(action)))

  test('agent-api reads no byte of a pack, deletes nothing, and reaches nothing outside its table and packs', () => {
    expect(anywhere('agent-api', /GetObject|Delete|Abort|Retention|LegalHold|Acl/)).toEqual([])
    expect(Object.keys(powersOf(roleOf('agent-api'))).sort()).toEqual(['log of agent-api', 'pack', 'table'])
  })

  test('only the janitor deletes: of the vault by version, of the catalogue by item', () => {
    for (const name of others('janitor')) expect(anywhere(name, /Delete|Abort|Remove/i), name).toEqual([])
    expect(new Set(anywhere('janitor', /Delete|Abort|Remove/i))).toEqual(
      new Set(['s3:DeleteObjectVersion', 's3:AbortMultipartUpload', 'dynamodb:DeleteItem']),
    )
  })

  test('restore-api and admin-api write nothing into the vault, and the watchdog does not know it', () => {
    for (const name of ['restore-api', 'admin-api'] as const) expect(anywhere(name, /^s3:(?!Get|List)/)).toEqual([])
    expect(anywhere('watchdog', /^s3:/)).toEqual([])
  })

  test('no function that answers calls reads the queues, and restore-api can read no receipt', () => {
    for (const name of others('janitor', 'watchdog')) expect(powersOf(roleOf(name))).not.toHaveProperty('index')
    expect(powersOf(roleOf('restore-api'))).not.toHaveProperty('receipt')
  })

  test('versions are listed under a prefix alone: the janitor all, the admin API receipts', () => {
    const under = (prefix: string | undefined): Record<string, string[]> =>
      prefix === undefined ? {} : { 's3:prefix': [prefix] }
    const listed = (name: FunctionName, prefix?: string) =>
      can(name, 's3:ListBucketVersions', 'vault', { ...usual, ...under(prefix) })
    for (const prefix of ['packs/t/s/', 'packs/', 'meta/t/']) expect(listed('janitor', prefix), prefix).toBe(true)
    expect(listed('admin-api', 'meta/')).toBe(true)
    expect(listed('admin-api', 'packs/')).toBe(false)
    for (const prefix of [undefined, '', 'other/', 'p'])
      for (const name of names) expect(listed(name, prefix), `${name} ${prefix}`).toBe(false)
    for (const name of others('janitor', 'admin-api')) expect(listed(name, 'meta/'), name).toBe(false)
  })

  test.each(names)('%s can change no bucket, table, topic, key or role, nor lift a lock', name => {
    expect(
      anywhere(
        name,
        /Bypass|LegalHold|Policy|PutBucket|Lifecycle|Replicat|Acl|Scan|Table|TimeToLive|Backup|Topic|Grant|Tag|Stream$/,
      ).filter(action => action !== 'logs:CreateLogStream'),
    ).toEqual([])
  })

  test('who asks without TLS, with an old signature, or for an object that may be there already, is refused', () => {
    for (const name of ['committer', 'janitor'] as const) {
      expect(can(name, 's3:PutObject', 'receipt')).toBe(true)
      const refused: Record<string, string[]>[] = [
        { ...usual, 'aws:securetransport': ['false'] },
        { ...usual, 's3:tlsversion': ['1.1'] },
        { ...usual, 's3:signatureage': ['960001'] },
        { 'aws:securetransport': ['true'], 's3:objectcreationoperation': ['true'] },
      ]
      for (const context of refused) expect(can(name, 's3:PutObject', 'receipt', context)).toBe(false)
      const part = { 'aws:securetransport': ['true'], 's3:objectcreationoperation': ['false'] }
      expect(can(name, 's3:PutObject', 'pack', part), 'a part of an upload').toBe(true)
      const again = { 'aws:securetransport': ['true'], 's3:objectcreationoperation': ['true'] }
      expect(can(name, 's3:PutObject', 'export', again), 'the export of a tenant').toBe(true)
    }
  })

  test('nobody, the account administrator included, lifts a governance lock or hides an object', () => {
    for (const principal of [...names.map(roleOf), `arn:aws:iam::${account}:user/${administrator}`])
      for (const action of ['s3:BypassGovernanceRetention', 's3:DeleteObject'])
        for (const label of ['pack', 'receipt', 'export'])
          expect(access.authorize({ principal, action, resource: resources[label]!, context: usual }).allowed).toBe(
            false,
          )
  })

  test('somebody who is not a role of the stack can do nothing, and the alarms can only publish', () => {
    expect(powersOf('arn:aws:iam::000000000000:role/somebody')).toEqual({})
    expect(powersOf('cloudwatch.amazonaws.com')).toEqual({})
    const alarm = {
      'aws:securetransport': ['true'],
      'aws:sourceaccount': [account],
      'aws:sourcearn': [`arn:aws:cloudwatch:us-east-1:${account}:alarm:S-x`],
    }
    expect(powersOf('cloudwatch.amazonaws.com', alarm)).toEqual({ topic: ['sns:Publish'] })
    const foreign = { ...alarm, 'aws:sourceaccount': ['111122223333'] }
    expect(powersOf('cloudwatch.amazonaws.com', foreign)).toEqual({})
  })
})

describe('the policies are written so that they can be read', () => {
  interface Statement {
    Sid?: string
    Effect: string
    Action: string | string[]
    Resource: string | string[]
  }
  const statementsOf = (name: FunctionName) => {
    const role = plan.roles.find(({ arn }) => arn === roleOf(name))!
    return role.properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement as Statement[])
  }

  test('each function has a role of its own, which only Lambda can take on', () => {
    expect(new Set(names.map(roleOf)).size).toBe(names.length)
    expect(plan.roles).toHaveLength(names.length)
  })

  test.each(names)(
    '%s: distinct names, whole actions, and no wildcard but behind a prefix or for the streams of its log',
    name => {
      const statements = statementsOf(name)
      const sids = statements.map(({ Sid }) => Sid)
      expect(new Set(sids).size).toBe(statements.length)
      expect(sids).not.toContain(undefined)
      for (const { Effect, Action, Resource } of statements) {
        expect(Effect).toBe('Allow')
        expect([Action].flat().filter(action => !actions.includes(action))).toEqual([])
        expect(
          [Resource].flat().filter(arn => /[*?]/.test(arn) && !/(\/(packs|meta)\/\*|:log-group:[^*]+:\*)$/.test(arn)),
        ).toEqual([])
      }
    },
  )

  test('the policy of the vault allows nobody anything', () => {
    const statements = plan.bucketPolicies.flatMap(
      ({ properties }) => properties.PolicyDocument.Statement as Statement[],
    )
    expect(statements.length).toBeGreaterThan(5)
    expect(statements.map(({ Effect }) => Effect)).toEqual(statements.map(() => 'Deny'))
  })
})
