import { readFile, stat, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isCertified } from '../../shared/certificate.ts'
import { fingerprintOf, newSigningKey, type PrivateKey, publicKeyOf } from '../../shared/jws.ts'
import { formatKit, newKit } from '../../shared/kit.ts'
import { keysOf } from '../../shared/succession.ts'
import { type KeyReceiver, keyReceiver } from '../../uploader/receiver/agent-key.ts'
import { AgentState } from '../../uploader/state/agent.ts'
import { type Keeper, rotate, settle } from '../../uploader/state/rotate.ts'
import { keeperOf, saveAgent } from '../../uploader/state/store.ts'
import { agentOf, enrolAgent } from '../receiver/agent.ts'
import { serve } from '../receiver/serve.ts'
import { ok, startReceiver, type TestReceiver } from '../receiver/support.ts'
import { direct } from '../support/network.ts'
import { temporaryDirectory } from './directory.ts'
import { runHere } from './terminal.ts'

let receiver: TestReceiver
let served: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  receiver = await startReceiver()
  served = await serve(receiver)
})
afterAll(async () => {
  await served?.[Symbol.asyncDispose]()
  await receiver?.[Symbol.asyncDispose]()
})

/** An enrolled host with its state on disk. */
async function newHost() {
  const directory = await temporaryDirectory()
  const { id, tenant, key } = await enrolAgent(receiver)
  const state: AgentState = {
    format: 'failsafe.agent/1',
    receiver: { url: served.url, id: receiver.id },
    tenant,
    agent: id,
    name: 'db 1',
    key,
    customerKey: null,
    certificate: null,
    recipients: ['age1test'],
    succession: [],
  }
  await saveAgent(directory.path, state)
  const config = directory.in('failsafe.yaml')
  await writeFile(config, `state: { dir: ${directory.path} }`, { mode: 0o600 })
  const load = async () => AgentState.parse(JSON.parse(await readFile(directory.in('agent.json'), 'utf8')))
  return {
    ...state,
    directory,
    load,
    /** Whether the receiver takes what the key on disk signs, and nothing is left open. */
    works: async () => {
      const { key, next } = await load()
      const { status } = await agentOf(receiver, id, tenant, key).call('GET', '/v1/sources')
      return status === 200 && next === undefined
    },
    keys: (patience = 0): KeyReceiver => {
      const signal = new AbortController().signal
      const connections = direct.connections(2)
      return keyReceiver(state, { url: served.url, connections, signal, now: () => receiver.clock.now, patience })
    },
    failsafe: (...args: string[]) => runHere([...args, '--config', config], { now: () => receiver.clock.now }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}
type Host = Awaited<ReturnType<typeof newHost>>

async function newKitFile(host: Host) {
  const kit = await newKit({ receiver: served.url, tenant: null, now: receiver.clock.now })
  const path = host.directory.in('kit.txt')
  await writeFile(path, await formatKit(kit), { mode: 0o600 })
  return { kit, path }
}

describe('a host that is killed while it changes its key', () => {
  class Killed extends Error {}

  /** Counts what touches disk or receiver, and dies at one of them: before it is done, or after. A dead process does nothing more. */
  function dying(at: number, when: 'before' | 'after', host: Host) {
    const steps: string[] = []
    let dead = false
    const step =
      <A extends unknown[], R>(name: string, work: (...parameters: A) => Promise<R>) =>
      async (...parameters: A): Promise<R> => {
        if (dead) throw new Killed()
        steps.push(name)
        const dies = steps.length === at
        if (dies && when === 'before') dead = true
        if (dead) throw new Killed(name)
        const result = await work(...parameters)
        if (dies) {
          dead = true
          throw new Killed(name)
        }
        return result
      }
    const real = { keeper: keeperOf(host.directory.path), receiver: host.keys() }
    const keeper: Keeper = { load: step('load', real.keeper.load), save: step('save', real.keeper.save) }
    const asked: KeyReceiver = {
      rotate: step('rotate', real.receiver.rotate),
      certify: step('certify', real.receiver.certify),
    }
    return { keeper, receiver: asked, steps }
  }

  test.each(['before', 'after'] as const)('%s any step has a key that works after its next command', async when => {
    const all: string[] = []
    for (let n = 1; ; n++) {
      await using host = await newHost()
      const { keeper, receiver: asked, steps } = dying(n, when, host)
      const ended = await rotate(keeper, asked, { customerKey: undefined, now: receiver.clock.now }).catch(
        error => error,
      )
      if (!(ended instanceof Killed)) {
        all.push(...steps)
        expect(await host.works()).toBe(true)
        break
      }
      const { code, stderr } = await host.failsafe('list')
      expect(code, `${when} ${n}: ${stderr}`).toBe(0)
      expect(await host.works(), `${when} ${n}: ${steps}`).toBe(true)
      const { key, succession } = await host.load()
      const changed = key.x !== host.key.x
      expect(succession).toHaveLength(changed ? 1 : 0)
      if (changed) expect((await keysOf(succession, host.agent)).at(-1)).toEqual(publicKeyOf(key))
      // what was on disk before the receiver was asked is what it is asked for, and never lost
      const asking = steps.indexOf('save') + (when === 'before' ? 1 : 0)
      if (asking > 0 && n > asking) expect(changed, `${when} ${n}`).toBe(true)
    }
    expect(all).toEqual(['load', 'save', 'load', 'rotate', 'save'])
  })

  test('in the middle of finding out is found out by the command after that', async () => {
    for (const when of ['before', 'after'] as const)
      for (let n = 1; n <= 3; n++) {
        await using host = await newHost()
        const first = dying(4, 'after', host) // the receiver has the new key, this host was not told
        const dies = () => rotate(first.keeper, first.receiver, { customerKey: undefined, now: receiver.clock.now })
        await expect(dies()).rejects.toThrow(Killed)
        const second = dying(n, when, host)
        await settle(second.keeper, second.receiver).catch(() => {})
        expect((await host.failsafe('list')).code, `${when} ${n}`).toBe(0)
        expect(await host.works()).toBe(true)
        expect((await host.load()).key.x).not.toBe(host.key.x)
      }
  })
})

describe('rotate-key', () => {
  test('changes the key, and says which one vouches for it; the state stays private', async () => {
    await using host = await newHost()
    const { code, stdout } = await host.failsafe('rotate-key', '--json')
    expect(code, stdout).toBe(0)
    const { key, succession } = await host.load()
    expect(JSON.parse(stdout)).toMatchObject({
      agent: host.agent,
      before: await fingerprintOf(host.key),
      fingerprint: await fingerprintOf(key),
      certified: false,
    })
    expect(await keysOf(succession, host.agent)).toEqual([host.key, key].map(publicKeyOf))
    expect((await stat(host.directory.in('agent.json'))).mode & 0o777).toBe(0o600)
    expect((await host.failsafe('rotate-key')).stdout).toContain(await fingerprintOf(key))
    expect((await host.load()).succession).toHaveLength(2)
    expect(await host.works()).toBe(true)
  })

  test('has the recovery kit certify the new key where it is at hand, and no other kit', async () => {
    await using host = await newHost()
    const { kit, path } = await newKitFile(host)
    const { code, stderr } = await host.failsafe('rotate-key', '--recovery-kit', path)
    expect(code, stderr).toBe(0)
    const { key, certificate, customerKey } = await host.load()
    expect(customerKey).toEqual(publicKeyOf(kit.customerKey))
    expect(await isCertified(certificate!, publicKeyOf(key), publicKeyOf(kit.customerKey))).toBe(true)
    const agents = ok(await receiver.admin('GET', `/v1/admin/agents?tenant=${host.tenant}`)).agents
    expect(agents).toMatchObject([{ certified: true, rotations: 1 }])

    const other = await newKitFile(host)
    const refused = await host.failsafe('rotate-key', '--recovery-kit', other.path)
    expect(refused.code).toBe(5)
    expect(refused.stderr).toContain('not the recovery kit')
    expect((await host.load()).key).toEqual(key)
  })

  test.each(['lose-request', 'lose-answer'] as const)('goes on where the line does %s once', async fate => {
    await using host = await newHost()
    let lost = false
    served.line = ({ url }) => {
      if (lost || !url.endsWith('/v1/agent/key')) return undefined
      lost = true
      return fate
    }
    const { code, stderr } = await host.failsafe('rotate-key')
    expect(code, stderr).toBe(0)
    expect(lost).toBe(true)
    expect(await host.works()).toBe(true)
    expect((await host.load()).succession).toHaveLength(1)
  })

  test('at once, twice, with other verbs beside it: each finds the key that counts', async () => {
    await using host = await newHost()
    const ended = await Promise.all([
      host.failsafe('rotate-key'),
      host.failsafe('list'),
      host.failsafe('rotate-key'),
      host.failsafe('list'),
      host.failsafe('list'),
    ])
    expect(ended.map(({ code, stderr }) => `${code} ${stderr}`)).toEqual(ended.map(() => '0 '))
    expect((await host.load()).succession).toHaveLength(2)
    expect(await host.works()).toBe(true)
  })

  test('on a copy of the host that comes too late is told that its key counts no more', async () => {
    await using host = await newHost()
    const before = await host.load()
    await rotate(keeperOf(host.directory.path), host.keys(), { customerKey: undefined, now: receiver.clock.now })
    await saveAgent(host.directory.path, before)
    const { code, stderr } = await host.failsafe('rotate-key')
    expect(code).toBe(5)
    expect(stderr).toMatch(/knows neither the old key.*replaces this agent/)
    expect((await host.load()).next).toBeDefined()
  })

  test('that the receiver refuses for good leaves the old key as it was', async () => {
    await using host = await newHost()
    const [customer, thief] = [await newSigningKey(), await newSigningKey()]
    const as = (key: PrivateKey) => ({ customerKey: key, now: receiver.clock.now })
    await rotate(keeperOf(host.directory.path), host.keys(), as(customer))
    const before = await host.load()
    // what the host knows of the customer key is in the thief's hands, what the receiver knows is not
    await saveAgent(host.directory.path, { ...before, customerKey: null })
    await expect(rotate(keeperOf(host.directory.path), host.keys(), as(thief))).rejects.toMatchObject({
      code: 'customer-key-differs',
    })
    expect(await host.load()).toEqual({ ...before, customerKey: null })
    expect(await host.works()).toBe(true)
  })
})

describe('kit certify --own', () => {
  test('puts the certificate into kit, host and receiver, and may be repeated', async () => {
    await using host = await newHost()
    const { kit, path } = await newKitFile(host)
    for (const added of [true, false]) {
      const { code, stdout, stderr } = await host.failsafe('kit', 'certify', '--own', '--identity', path, '--json')
      expect(code, stderr).toBe(0)
      const fingerprint = await fingerprintOf(host.key)
      expect(JSON.parse(stdout)).toMatchObject({ fingerprint, added, delivered: true })
    }
    const { certificate, key } = await host.load()
    expect(await isCertified(certificate!, publicKeyOf(key), publicKeyOf(kit.customerKey))).toBe(true)
    const { agents } = ok(await receiver.admin('GET', `/v1/admin/agents?tenant=${host.tenant}`))
    expect(agents).toMatchObject([{ certified: true, customerFingerprint: await fingerprintOf(kit.customerKey) }])
    const other = await newKitFile(host)
    expect((await host.failsafe('kit', 'certify', '--own', '--identity', other.path)).code).toBe(5)
  })

  test('wants either a fingerprint or --own', async () => {
    await using host = await newHost()
    const { path } = await newKitFile(host)
    expect((await host.failsafe('kit', 'certify', '--identity', path)).code).toBe(2)
    expect((await host.failsafe('kit', 'certify', 'A'.repeat(43), '--own', '--identity', path)).code).toBe(2)
  })
})
