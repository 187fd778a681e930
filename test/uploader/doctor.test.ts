import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Intercept } from '../../infra/local/s3/fault.ts'
import type { Check } from '../../uploader/doctor/check.ts'
import { holdName } from '../../uploader/files/hold-name.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { type Database, startDatabase } from '../support/database.ts'
import { type Host, newHost, shopOf } from './host.ts'

let cloud: TestCloud
let database: Database
let intercept: Intercept = () => undefined
let host: Host
let ahead = 0
let agent: string
const nightly = 'schedule: { full: "0 2 * * *", log: "*/15 * * * *", timeZone: Europe/Berlin }'

beforeAll(async () => {
  cloud = await startTestCloud({ intercept: call => intercept(call), now: () => new Date(Date.now() + ahead) })
  database = await startDatabase({ options: { log_bin: 'binlog', binlog_format: 'ROW' } })
  await database.execute(
    'CREATE DATABASE shop',
    'CREATE TABLE shop.t (id INT PRIMARY KEY)',
    'INSERT INTO shop.t VALUES (1)',
  )
  host = await newHost(cloud)
  agent = await readFile(join(host.state, 'agent.json'), 'utf8')
})
afterAll(async () => {
  await host?.[Symbol.asyncDispose]()
  await database?.stop()
  await cloud?.close()
})
beforeEach(async () => {
  intercept = () => undefined
  await writeFile(join(host.state, 'agent.json'), agent, { mode: 0o600 })
  await chmod(join(host.state, 'agent.json'), 0o600)
  await chmod(host.state, 0o700)
  await chmod(host.config, 0o600)
  await rm(host.staging, { recursive: true, force: true })
  await host.configure(...(await shopOf(host, database, nightly)))
})

async function doctor(args: string[] = [], options: Parameters<Host['failsafe']>[1] = {}, of = host) {
  const { code, stdout, stderr } = await of.failsafe(['doctor', ...args, '--json'], options)
  const summary = JSON.parse(stdout.trim().split('\n').at(-1)!)
  expect(summary.type, stderr).toBe('summary')
  const checks: Check[] = summary.checks
  const found = checks.filter(({ outcome }) => outcome !== 'ok')
  // A finding without something to do about it is a riddle.
  for (const check of found) expect(check.fix, check.what).toBeTruthy()
  return { code, outcome: summary.outcome, checks, found, codes: found.map(check => check.code) }
}

describe('a host that is well', () => {
  test('ends with 0 and says what was looked at', async () => {
    const { code, outcome, checks, codes } = await doctor()
    expect(codes).toEqual([])
    expect([code, outcome]).toEqual([0, 'ok'])
    expect(checks.map(({ check }) => check)).toEqual([
      'configuration',
      'enrolment',
      'state',
      'staging',
      'schedule',
      'engine',
      'receiver',
      'clock',
      'recovery-kit',
      'upload',
    ])
    expect(checks.find(({ check }) => check === 'engine')!.what).toMatch(/^MariaDB 10\.11/)
    expect(checks.find(({ check }) => check === 'schedule')!.what).toMatch(
      /^Next runs: full \d{4}-\d\d-\d\d 02:00 Europe\/Berlin, log \d{4}-\d\d-\d\d \d\d:(00|15|30|45) Europe\/Berlin$/,
    )
  })

  test('is shown to a person as a table, and ends with one sentence', async () => {
    const { code, stdout } = await host.failsafe(['doctor'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ok +configuration +\S+failsafe\.yaml: shop$/m)
    expect(stdout).toMatch(/^ok +shop: upload +A part of 64 KiB went to 127\.0\.0\.1:\d+ and was given up again/m)
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('All is well.')
  })

  test('has nothing left behind here or at the receiver, and the next backup is not held up', async () => {
    await doctor()
    expect(await readdir(join(host.staging, (await readdir(host.staging))[0]!))).toEqual([])
    expect(JSON.parse((await host.failsafe(['list', '--json'])).stdout).snapshots).toEqual([])
    const { code, stderr } = await host.failsafe(['backup', 'shop'])
    expect(code, stderr).toBe(0)
    expect(stderr).not.toContain('earlier')
    expect((await host.failsafe(['kit', 'check', '--identity', host.kit])).code).toBe(0)
  })
})

describe('what is wrong is named, and ends with', () => {
  test('1: a configuration that others may read, and nothing else is looked at', async () => {
    await chmod(host.config, 0o644)
    const { code, codes, checks } = await doctor()
    expect([code, codes, checks.length]).toEqual([1, ['file-not-private'], 1])
  })

  test('1: a configuration that is not valid, with the line', async () => {
    await host.configure('sorces: {}')
    const { code, found } = await doctor()
    expect(code).toBe(1)
    expect(found[0]).toMatchObject({ code: 'config-invalid', why: expect.stringContaining('line 3') })
  })

  test('1: a host that is not enrolled; the sources are looked at all the same', async () => {
    await rm(join(host.state, 'agent.json'))
    const { code, codes, checks } = await doctor()
    expect([code, codes]).toEqual([1, ['not-enrolled']])
    expect(checks.some(({ check }) => check === 'engine')).toBe(true)
  })

  test('1: a state that others may read, or change', async () => {
    await chmod(join(host.state, 'agent.json'), 0o640)
    expect(await doctor()).toMatchObject({ code: 1, codes: ['file-not-private'] })
    await chmod(join(host.state, 'agent.json'), 0o600)
    await chmod(host.state, 0o770)
    expect(await doctor()).toMatchObject({ code: 1, codes: ['state-not-private'] })
  })

  test('1: an agent that the provider has revoked', async () => {
    await using host = await newHost(cloud)
    const listed = JSON.parse((await host.provider('agent', 'list', host.tenant, '--json')).stdout)
    await host.provider('agent', 'revoke', listed.agents[0].agent, '--reason', 'test')
    expect(await doctor([], {}, host)).toMatchObject({ code: 1, codes: ['agent-revoked'] })
  })

  test('1: another receiver than the one that it enrolled at, and one that does not answer', async () => {
    const lines = await shopOf(host, database, nightly)
    const other = await startTestCloud()
    await host.configure(`receiver: ${other.url}`, ...lines)
    expect(await doctor()).toMatchObject({ code: 1, codes: ['receiver-differs'] })
    await other.close()
    expect(await doctor()).toMatchObject({ code: 1, codes: ['receiver-unreachable'] })
  })

  test('1: a storage that refuses a part; nothing is left', async () => {
    intercept = ({ method }) => (method === 'PUT' ? { kind: 'error', status: 403, code: 'AccessDenied' } : undefined)
    const { code, found } = await doctor()
    expect(code).toBe(1)
    expect(found).toMatchObject([{ code: 'storage-refused', source: 'shop' }])
    intercept = () => undefined
    expect((await host.failsafe(['backup', 'shop'])).code).toBe(0)
  })

  test('1: a staging directory that is none; no part is sent then', async () => {
    await writeFile(host.staging, '')
    const { code, checks, codes } = await doctor()
    expect([code, codes]).toEqual([1, ['staging-broken']])
    expect(checks.some(({ check }) => check === 'upload')).toBe(false)
  })

  test('3: a staging directory in memory, and one that is too small', async () => {
    const directory = `/dev/shm/failsafe-doctor-${process.pid}`
    await mkdir(directory)
    try {
      await writeFile(
        host.config,
        [
          `state: { dir: ${host.state} }`,
          `staging: { dir: ${directory}, maxBytes: 900TiB }`,
          ...(await shopOf(host, database, nightly)),
        ].join('\n'),
      )
      expect(await doctor()).toMatchObject({ code: 3, codes: ['staging-space', 'staging-in-memory'] })
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  test('3: a clock that is off, by how much and in which direction', async () => {
    const { code, found } = await doctor([], { now: () => new Date(Date.now() - 90_000) })
    expect(code).toBe(3)
    expect(found).toMatchObject([{ code: 'clock-skew', what: expect.stringMatching(/ (89|90|91) s behind /) }])
  })

  test('3 or 1: rights that the account lacks, each with its statement, and all is well when it was run', async () => {
    await database.execute("REVOKE PROCESS ON *.* FROM 'backup'@'%'")
    expect(await doctor()).toMatchObject({ code: 3, codes: ['mysql-missing-right'] })
    await database.execute("REVOKE TRIGGER, EVENT ON *.* FROM 'backup'@'%'")
    const { code, found } = await doctor()
    expect(code).toBe(1)
    expect(found).toHaveLength(3)
    await database.execute(...found.map(({ fix }) => fix!.replace('Run as an administrator: ', '')))
    expect((await doctor()).code).toBe(0)
  })

  test('1: a server that is not there, a login that is refused', async () => {
    await writeFile(host.in('shop.pw'), 'wrong\n')
    expect(await doctor()).toMatchObject({ code: 1, codes: ['mysql-login-refused'] })
    await host.configure(
      'sources:',
      '  shop:',
      '    engine: mysql',
      '    connection: { port: 1, user: backup }',
      `    ${nightly}`,
    )
    expect(await doctor()).toMatchObject({ code: 1, codes: ['mysql-unreachable'] })
  })

  test('3: a source that nothing starts, and logs without a full', async () => {
    await host.configure(...(await shopOf(host, database)))
    expect(await doctor()).toMatchObject({ code: 3, codes: ['schedule-missing'] })
    await host.configure(...(await shopOf(host, database, 'schedule: { log: "0 * * * *" }')))
    expect(await doctor()).toMatchObject({ code: 3, codes: ['schedule-no-full'] })
  })

  test('3: a recovery kit that nobody ever tried, until somebody does', async () => {
    await using host = await newHost(cloud)
    await host.configure(...(await shopOf(host, database, nightly)))
    await host.failsafe(['backup', 'shop'])
    expect(await doctor([], {}, host)).toMatchObject({ code: 3, codes: ['kit-unproven'] })
    expect((await host.failsafe(['kit', 'check', '--identity', host.kit])).code).toBe(0)
    expect(await doctor([], {}, host)).toMatchObject({ code: 0, codes: [] })
  })

  test('2: a source that is not there', async () => {
    const { code, stderr } = await host.failsafe(['doctor', 'shpo'])
    expect([code, stderr]).toEqual([2, expect.stringMatching(/no source "shpo".*shop/)])
  })
})

test('one source alone is looked at where it is named', async () => {
  const lines = await shopOf(host, database, nightly)
  await host.configure(...lines, '  broken:', '    engine: mysql', '    connection: { port: 1, user: backup }')
  expect((await doctor(['shop'])).code).toBe(0)
  expect(await doctor()).toMatchObject({ code: 1, codes: ['schedule-missing', 'mysql-unreachable'] })
})

describe('the part that it sends', () => {
  const main = join(import.meta.dirname, '../../uploader/main.ts')
  const upload = async () => (await doctor()).checks.find(({ check }) => check === 'upload')!

  test('costs the source nothing when doctor is killed on the way: the next backup ends it', async () => {
    const reached = new Promise<void>(resolve => {
      intercept = ({ method }) => {
        if (method !== 'PUT') return undefined
        resolve()
        return { kind: 'stall' }
      }
    })
    const child = spawn(process.execPath, [main, 'doctor', '--config', host.config], { stdio: 'ignore' })
    await reached
    child.kill('SIGKILL')
    await once(child, 'exit')
    intercept = () => undefined
    // What is left may be a run that still wants to be sent: doctor does not take its lane.
    expect(await upload()).toMatchObject({ outcome: 'ok', what: expect.stringContaining('interrupted run waits') })
    const { code, stderr } = await host.failsafe(['backup', 'shop'])
    expect(code, stderr).toBe(3)
    expect(stderr).toMatch(/Run \w+ was interrupted; what it had staged was discarded/)
    expect((await host.failsafe(['kit', 'check', '--identity', host.kit])).code).toBe(0)
    expect(await upload()).toMatchObject({ outcome: 'ok', what: expect.stringContaining('given up again') })
  })

  test('says which host cannot be reached, where that is the storage', async () => {
    intercept = ({ method }) => (method === 'PUT' ? { kind: 'reset' } : undefined)
    expect(await upload()).toMatchObject({ outcome: 'failed', code: 'storage-unreachable' })
  })

  test('is gone from the vault within the hour', async () => {
    const { s3Url: endpoint, region, admin: credentials, bucket: Bucket } = cloud
    const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
    const uploads = async () => (await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? []
    await upload()
    expect(await uploads()).not.toEqual([])
    ahead = 3_600_000
    await cloud.fire('janitor')
    expect(await uploads()).toEqual([])
    ahead = 0
    client.destroy()
  })

  test('is left out while a run holds the source', async () => {
    await upload()
    const [source] = await readdir(host.staging)
    const held = await holdName(source!)
    expect(await upload()).toMatchObject({ outcome: 'ok', what: 'A run is under way; no part was sent' })
    await held!.release()
  })
})
