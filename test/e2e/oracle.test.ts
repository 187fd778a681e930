import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Oracle, startOracle } from '../doubles/tns/oracle.ts'
import { ordersIn } from '../engines/oracle/operator.ts'
import { writer } from '../engines/oracle/samples.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { seed, times } from '../support/counts.ts'
import { seeded } from '../support/random.ts'
import { lastJson, runOk } from '../support/run.ts'
import type { Host } from './customer.ts'
import { expectNothingToUndo, followed, laidOut, oracleHost } from './oracle.ts'

let cloud: TestCloud
let server: Oracle
let host: Host
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())
afterEach(async () => {
  await host?.close()
  await server?.close()
})

async function start(files: 'local' | 'remote'): Promise<void> {
  server = await startOracle({ blocks: 64, logBytes: 65_536 })
  host = await oracleHost(cloud, server, [`files: ${files}`])
}

const active = () => server.database.dataFiles.filter(({ backup }) => backup.active).length

async function expectLatestRestored(): Promise<void> {
  const { got, held } = await followed(await laidOut(host, 'restored'), server)
  expect(Object.keys(got).length).toBeGreaterThan(0)
  expect(got).toEqual(held)
}

async function expectNothingLeft(): Promise<void> {
  expect(active()).toBe(0)
  expect(server.database.directories).toEqual([])
  await expectNothingToUndo(host)
}

test.each(['local', 'remote'] as const)(
  'full, logs and the way back to SCNs at random, %s, with the built binary',
  async files => {
    await start(files)
    const { write } = writer(server)
    write()
    expect(await host.backup()).toMatchObject({ kind: 'full', promoted: null, warnings: [], artefacts: 9 })
    const scns = Array.from({ length: 6 }, () => write())
    expect(await host.backup()).toMatchObject({ kind: 'log', promoted: null, warnings: [] })
    scns.push(...Array.from({ length: 6 }, () => write()))
    const last = await host.backup()
    expect(last).toMatchObject({ kind: 'log', promoted: null, warnings: [] })
    expect(last.peakRssBytes).toBeLessThan(128 * 1024 ** 2)
    await expectLatestRestored()
    const random = seeded(seed)
    for (let i = 0; i < times(10); i++) {
      const scn = scns[Math.floor(random() * scns.length)]!
      const { got, held } = await followed(await laidOut(host, `to-${i}`, '--before', String(scn + 1n)), server)
      expect(got).toEqual(held)
      expect(held).toEqual(Object.fromEntries(server.database.stateAt(scn)))
    }
  },
)

test('a run that is killed in backup mode, at each file: the next one ends it, and nothing of it stays on the server', async () => {
  await start('remote')
  writer(server).write()
  const doctor = await host.failsafe(['doctor', 'shop', '--json'])
  const found = lastJson(doctor).checks.filter(({ source }: { source: string | null }) => source === 'shop')
  expect(found.map(({ outcome }: { outcome: string }) => outcome)).not.toContain('failed')
  const ended = /in backup mode; it was ended/
  const files = ['system01', 'sysaux01', 'undotbs101', 'users01']
  for (const [i, file] of files.entries()) {
    let kill = () => {}
    server.faults.add(new RegExp(`^BFILE READ .*${file}`), () => kill())
    const died = await host.failsafe(['backup', 'shop', '--json'], {
      onStart: child => {
        kill = () => child.kill('SIGKILL')
      },
    })
    expect(died.signal, died.stdout + died.stderr).toBe('SIGKILL')
    expect(active(), file).toBeGreaterThan(0)
    if (i > 0) expect(died.stdout).toMatch(ended)
  }
  const done = await host.failsafe(['backup', 'shop', '--json'])
  expect(lastJson(done), done.stderr).toMatchObject({ type: 'summary', kind: 'full' })
  expect(done.stdout).toMatch(ended)
  await expectNothingLeft()
  await expectLatestRestored()
})

test('a connection that is lost in BEGIN and in END, a log that is deleted before it is copied, RESETLOGS between plan and run, with the built binary', async () => {
  await start('remote')
  const { database, faults } = server
  const { write } = writer(server)
  faults.add(/^ALTER DATABASE BEGIN/, 'lost after')
  faults.add(/^ALTER DATABASE END/, 'lost before')
  expect(await host.backup()).toMatchObject({ kind: 'full', promoted: null, warnings: [] })
  await expectNothingLeft()

  write()
  faults.add(/^BFILE OPEN .*\.arc/, () => {
    const log = database.logs.archived.at(-1)!
    rmSync(log.name!)
    Object.assign(log, { name: null, deleted: true, status: 'D' })
  })
  expect(await host.backup()).toMatchObject({ kind: 'full', promoted: expect.stringContaining('cannot be read') })
  await expectNothingLeft()

  write()
  faults.add(/dba_directories/, () => {
    database.openResetlogs()
    write()
  })
  // What the last log goes on from is of another history now.
  expect(await host.backup()).toMatchObject({ kind: 'full', promoted: expect.stringContaining('is not archived') })
  await expectNothingLeft()
  write()
  expect(await host.backup()).toMatchObject({ kind: 'log', promoted: null, warnings: [] })
  await expectLatestRestored()
})

/** What the documentation tells an operator to type, in its words. */
function documented(after: string): string {
  const text = readFileSync(join(import.meta.dirname, '../../docs/engines/oracle.md'), 'utf8')
  return /```sh\n(.*?)```/s.exec(text.slice(text.indexOf(after)))![1]!
}

/** Programs of Oracle, and those that need its account: each notes what it was told, and does nothing. */
async function standIns(): Promise<string> {
  const bin = join(host.directory, 'bin')
  await mkdir(bin)
  for (const name of ['chown', 'su', 'sqlplus', 'rman']) {
    await writeFile(join(bin, name), `#!/bin/sh\nprintf '%s\\n' "$@" >> '${bin}/${name}.told'\n`)
    await chmod(join(bin, name), 0o755)
  }
  return bin
}

test('the walk through a restore that the documentation describes is what its commands do', async () => {
  await start('local')
  const { write } = writer(server)
  await host.backup()
  write()
  // Oracle tells moments by the second.
  await setTimeout(1100)
  const moment = new Date().toISOString()
  await setTimeout(1100)
  await host.backup()
  const [first, second] = documented('To a moment').trim().split('\n')
  expect(first).toMatch(/^failsafe restore erp --to \/u03\/restored --identity recovery-kit\.txt --at [\d-]+T[\d:+]+$/)
  expect(second).toMatch(/--before \d+$/)
  const to = await laidOut(host, 'restored', '--at', moment)

  const bin = await standIns()
  const told = async (name: string) => (await readFile(join(bin, `${name}.told`), 'utf8')).trim().split('\n')
  const type = (commands: string) =>
    runOk('sh', ['-eu', '-c', commands.replaceAll('/u03/restored', to)], {
      env: { PATH: `${bin}:${process.env.PATH}` },
    })
  await type(documented('**On the files where they are**'))
  expect(await told('chown')).toEqual(['-R', 'oracle:oinstall', to])
  expect(await told('sqlplus')).toEqual(['/', 'as', 'sysdba', '@restore.sql', to])
  const script = await readFile(join(to, 'restore.sql'), 'utf8')
  const named = [...script.matchAll(/(?:TO|PFILE=)\s*'&folder\.\/([^']+)'/g)].map(([, name]) => name!)
  const files = named.filter(name => !/^(redo|temp)\d+\.(log|dbf)$/.test(name))
  expect(files).toHaveLength(5)
  for (const name of [...files, 'control.ctl', 'archive', 'audit']) expect(existsSync(join(to, name)), name).toBe(true)
  expect((await readdir(join(to, 'all-logs'))).sort()).toEqual(
    server.database.logs.archived.map(({ name }) => name!.split('/').at(-1)).sort(),
  )
  const { got, held } = await followed(to, server)
  expect(got).toEqual(held)
  expect(Object.keys(got)).toHaveLength(1)

  const oradata = join(server.database.directory, 'oradata')
  renameSync(oradata, `${oradata}.old`)
  await type(`cd ${to}\nsh prepare.sh\nsh place.sh\nsqlplus / as sysdba @restore-same-paths.sql "$PWD"`)
  expect((await told('sqlplus')).slice(-2)).toEqual(['@restore-same-paths.sql', to])
  for (const [path, name] of ordersIn([
    { name: 'restore.sql', content: script },
    { name: 'prepare.sh', content: await readFile(join(to, 'prepare.sh'), 'utf8') },
  ]).dataFiles)
    if (name.includes('datafiles/')) expect(await readFile(path)).toEqual(await readFile(join(to, name)))
})
