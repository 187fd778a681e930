import { readFile, writeFile } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fingerprintOf } from '../../shared/jws.ts'
import { formatKit, newKit } from '../../shared/kit.ts'
import { parseIdentity } from '../../shared/restore/identity.ts'
import { runBackup } from '../../uploader/backup/run-backup.ts'
import { connect, readingOf, trustOf } from '../../uploader/commands/connect.ts'
import type { Terminal } from '../../uploader/commands/terminal.ts'
import { verifySnapshot } from '../../uploader/restore/verify.ts'
import { newPutPart } from '../../uploader/transfer/put-part.ts'
import { FakeEngine } from '../backup/engine.ts'
import { serve } from '../receiver/serve.ts'
import { ok, startReceiver, type TestReceiver } from '../receiver/support.ts'
import { silentReporter } from '../restore/support.ts'
import { direct } from '../support/network.ts'
import { temporaryDirectory } from './directory.ts'
import { runHere } from './terminal.ts'

let receiver: TestReceiver
let served: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  receiver = await startReceiver()
  served = await serve(receiver)
  ok(await receiver.admin('POST', '/v1/admin/tenants', { tenant: 'acme', name: 'Acme' }))
})
afterAll(async () => {
  await served?.[Symbol.asyncDispose]()
  await receiver?.[Symbol.asyncDispose]()
})

const now = () => receiver.clock.now
const terminal = (): Terminal => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  return { stdin, stdout, stderr, env: {}, platform: 'linux', signal: new AbortController().signal, now }
}

async function newHost(kit: string, replaces?: string) {
  const directory = await temporaryDirectory()
  const config = directory.in('failsafe.yaml')
  await writeFile(config, `state: { dir: ${directory.in('state')} }`, { mode: 0o600 })
  const failsafe = (...args: string[]) => runHere([...args, '--config', config], { now })
  const { enrol } = ok(await receiver.admin('POST', '/v1/admin/tenants/acme/enrol-tokens', { replaces }))
  const enrolled = await failsafe('enrol', `${served.url}#${enrol.split('#')[1]}`, '--recovery-kit', kit, '--json')
  expect(enrolled.code, enrolled.stdout).toBe(0)
  const connected = () => connect({ config }, terminal())
  return {
    id: JSON.parse(enrolled.stdout).agent as string,
    failsafe,
    connected,
    /** Through a connection that is made before, so that what it knows may be old; `meanwhile` happens while the engine is read. */
    backUp: async ({ agent, receiver }: Awaited<ReturnType<typeof connected>>, meanwhile = async () => {}) => {
      const read = async function* () {
        yield Buffer.from('first half ')
        await meanwhile()
        yield Buffer.from('second half')
      }
      const { snapshot } = await runBackup({
        source: 'shop',
        engine: new FakeEngine([{ name: 'a', order: 0, read }], 1000),
        settings: {},
        mode: 'full',
        receiver,
        agent,
        staging: { dir: directory.in('staging'), maxBytes: 64 * 1024 ** 2 },
        upload: { concurrency: 2 },
        put: newPutPart(direct.connections(2)),
        uploader: 'failsafe test',
        reporter: silentReporter(),
        signal: new AbortController().signal,
        now,
      })
      return snapshot
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

test('a host changes its key before, between and during backups, and is rebuilt: the kit of its first day restores all of it', async () => {
  await using place = await temporaryDirectory()
  const kit = place.in('kit.txt')
  await using host = await newHost(kit)

  const first = await host.connected()
  const before = await host.backUp(first)
  expect((await host.failsafe('rotate-key')).code).toBe(0)
  // this connection was made with the key that is refused by now, and the key changes again while it works
  const during = await host.backUp(first, async () => {
    expect((await host.failsafe('rotate-key')).code).toBe(0)
  })
  const last = await host.connected()
  const after = await host.backUp(last)
  expect(new Set([await fingerprintOf(first.agent.key), await fingerprintOf(last.agent.key)]).size).toBe(2)
  expect(last.agent.succession).toHaveLength(2)

  const identity = await parseIdentity(await readFile(kit, 'utf8'))
  const verify = async (by: typeof last, snapshot: string, trust: Awaited<ReturnType<typeof trustOf>>) =>
    verifySnapshot({
      receiver: by.receiver,
      source: snapshot.slice(0, 26),
      snapshot,
      identities: identity.identities,
      trust,
      concurrency: 2,
      reporter: silentReporter(),
      reading: readingOf(terminal(), direct, 2),
      platform: 'linux',
    })
  const byKit = await trustOf(identity, undefined)
  for (const snapshot of [before, during, after])
    expect(await verify(last, snapshot, byKit)).toMatchObject({ level: 'opened', artefacts: 1 })
  // without the kit it is what this host knows of itself that counts, its former keys too
  const own = { ...(await trustOf(undefined, last.agent)), customerKeys: [] }
  for (const snapshot of [before, during, after])
    expect(await verify(last, snapshot, own)).toMatchObject({ artefacts: 1 })
  const other = await newKit({ receiver: served.url, tenant: null, now: now() })
  const byOther = await trustOf(await parseIdentity(await formatKit(other)), undefined)
  for (const snapshot of [before, after])
    await expect(verify(last, snapshot, byOther)).rejects.toMatchObject({ code: 'agent-untrusted' })

  await using rebuilt = await newHost(kit, host.id)
  expect(await host.failsafe('list')).toMatchObject({ code: 5, stderr: expect.stringContaining(rebuilt.id) })
  const list = await rebuilt.failsafe('list', '--json')
  const listed = JSON.parse(list.stdout).snapshots.map(({ snapshot }: { snapshot: string }) => snapshot)
  expect(listed.sort()).toEqual([before, during, after].sort())
  const anew = await rebuilt.connected()
  for (const snapshot of [before, during, after])
    expect(await verify(anew, snapshot, byKit)).toMatchObject({ level: 'opened', artefacts: 1 })
  const fresh = await rebuilt.backUp(anew)
  expect(fresh.slice(0, 26)).toBe(before.slice(0, 26))
  expect(await verify(anew, fresh, byKit)).toMatchObject({ level: 'opened' })
})
