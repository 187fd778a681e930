import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { functions } from '../../infra/functions.ts'
import type { HostedFunction } from '../../infra/local/functions/function.ts'
import { planResources } from '../../infra/local/plan/plan.ts'
import { routesOf } from '../../infra/local/routes.ts'
import { startScheduler } from '../../infra/local/schedule/scheduler.ts'
import type { Assembly } from '../../infra/local/template/load.ts'
import { type ScenarioName, scenarios } from './statements/scenarios.ts'
import { account, openScene, type Scene } from './statements/scene.ts'
import { type PolicyStatement, statementsOf } from './statements/statement.ts'

/*
 * No statement of the template is there for nothing: each has a scenario that works with it and does not without it.
 */

/** What stops working without each statement. */
const neededBy: Record<string, ScenarioName> = {
  'agent-api OwnLog': 'agent-api prints into its log',
  'agent-api Catalogue': 'an agent enrols and registers a source',
  'agent-api SignUploads': 'a snapshot is uploaded',
  'committer OwnLog': 'committer prints into its log',
  'committer Catalogue': 'a snapshot is committed',
  'committer CompleteAndLock': 'a snapshot is committed',
  'restore-api OwnLog': 'restore-api prints into its log',
  'restore-api Catalogue': 'a committed snapshot is restored',
  'restore-api SignDownloads': 'a committed snapshot is restored',
  'console-api OwnLog': 'console-api prints into its log',
  'console-api Catalogue': 'a link is made and ended on the page of the provider',
  'admin-api OwnLog': 'admin-api prints into its log',
  'admin-api Catalogue': 'an agent enrols and registers a source',
  'admin-api ListVersions': 'a catalogue that lost a snapshot is rebuilt',
  'admin-api Rebuild': 'a catalogue that lost a snapshot is rebuilt',
  'janitor OwnLog': 'janitor prints into its log',
  'janitor Catalogue': 'an abandoned upload is taken away',
  'janitor ByTime': 'an abandoned upload is taken away',
  'janitor CompleteAndLock': 'a commit that its agent left is finished',
  'janitor ListVersions': 'what a source stores is measured',
  'janitor Remove': 'a snapshot that is past its retention goes, and the one after it stays',
  'watchdog OwnLog': 'watchdog prints into its log',
  'watchdog Catalogue': 'a notice reaches the topic',
  'watchdog ByTime': 'a notice reaches the topic',
  'watchdog Publish': 'a notice reaches the topic',
  'watchdog NoticeKey': 'a notice reaches the topic',
  'vault aws:SecureTransport': 'a plain connection to the vault is refused',
  'vault s3:TlsVersion': 'TLS older than 1.2 to the vault is refused',
  'vault NoOldSignatures': 'a URL ends with its signature, whatever it says of itself',
  'vault WriteOnce': 'no object of a snapshot is written twice',
  'vault NoBypass': 'nobody lifts a governance lock',
  'vault NoDeleteMarkers': 'nobody hides an object behind a delete marker',
  'topic AllowPublishThroughSSLOnly': 'a plain connection to the topic is refused',
  'topic Alarms': 'an alarm is published',
}

let scene: Scene
let assembly: Assembly
let statements: PolicyStatement[]
beforeAll(async () => {
  scene = await openScene()
  assembly = scene.assembly
  statements = statementsOf(assembly.template)
})
afterAll(() => scene?.cloud.close())

test('every statement of the template has a scenario that needs it, and no scenario needs one that is not there', () => {
  expect(statements.map(({ name }) => name).sort()).toEqual(Object.keys(neededBy).sort())
})

describe('in one cloud', () => {
  /** `role action`, of everything that a role was allowed in a scenario that works. */
  const used = new Set<string>()

  test.each(Object.keys(scenarios) as ScenarioName[])('%s', async name => {
    scene.patience = 10_000
    const names = new Map(functions.map(({ name }) => [scene.roleOf(name), name]))
    scene.allowed = ({ principal, action }) => used.add(`${names.get(principal)} ${action}`)
    await scenarios[name](scene)
    scene.allowed = () => {}
  })

  test.each(Object.entries(neededBy))('without the statement %s it does not work: %s', async (name, scenario) => {
    const statement = statements.find(one => one.name === name)!
    scene.patience = 500
    await scene.withTemplate(statement.without(assembly.template), async () => {
      await expect(scenarios[scenario](scene)).rejects.toThrow()
    })
  })

  test('and no role is allowed an action that none of them needs, but for those with a reason', () => {
    const reasons: Record<string, string> = {}
    const given = statements
      .filter(({ name }) => !/^(vault|topic) /.test(name))
      .flatMap(({ name }) => {
        const [role, sid] = name.split(' ')
        return actionsOf(scene, role!, sid!).map(action => `${role} ${action}`)
      })
    expect(given.filter(action => !used.has(action) && reasons[action] === undefined)).toEqual([])
    expect(Object.keys(reasons).filter(action => used.has(action) || !given.includes(action))).toEqual([])
  })
})

function actionsOf({ plan, roleOf }: Scene, role: string, sid: string): string[] {
  const found = plan.roles.find(({ arn }) => arn === roleOf(role as (typeof functions)[number]['name']))!
  const statements = found.properties.Policies.flatMap(
    ({ PolicyDocument }) => PolicyDocument.Statement as { Sid: string; Action: string | string[] }[],
  )
  return statements.filter(({ Sid }) => Sid === sid).flatMap(({ Action }) => Action)
}

describe('without the leave to start a function', () => {
  const place = {
    account,
    region: 'us-east-1',
    partition: 'aws',
    stackName: 'S',
    stackUuid: 'u',
    url: 'http://127.0.0.1:1',
  }
  const start = (template: Assembly['template']) => {
    const plan = planResources({ ...assembly, template }, place)
    const hosted = new Map(plan.functions.map(({ arn }) => [arn, {} as HostedFunction]))
    routesOf(plan, hosted, place)
    startScheduler(plan, hosted, { place, now: () => new Date(), timer: false, log: () => {} }).close()
  }

  test('no cloud starts: each permission of API Gateway and EventBridge, and each role that Lambda may take on', () => {
    start(assembly.template)
    // Two routes of one path, e.g. GET and PUT, are covered by either's permission.
    const patterns = Object.values(assembly.template.Resources).map(({ Properties }) => JSON.stringify(Properties))
    const changed = Object.entries(assembly.template.Resources).flatMap(([logicalId, { Type, Properties }]) => {
      if (patterns.filter(pattern => pattern === JSON.stringify(Properties)).length > 1) return []
      const template = structuredClone(assembly.template)
      if (Type === 'AWS::Lambda::Permission') delete template.Resources[logicalId]
      else if (Type === 'AWS::IAM::Role')
        Object.assign(template.Resources[logicalId]!.Properties.AssumeRolePolicyDocument as object, { Statement: [] })
      else return []
      return [{ logicalId, template }]
    })
    expect(changed.length).toBeGreaterThan(functions.length * 2)
    for (const { logicalId, template } of changed)
      expect(() => start(template), logicalId).toThrow(/no permission|AssumeRolePolicyDocument/)
  })
})
