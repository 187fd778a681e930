import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { mostSources } from '../../lambdas/agent-api/register-source.ts'
import { findAgent, noteContact } from '../../lambdas/catalogue/agents.ts'
import { listAudit, monthOf } from '../../lambdas/catalogue/audit.ts'
import { dueIn } from '../../lambdas/catalogue/by-time.ts'
import { agentKey, contentKey, hashOf, manifestKey, sourceNameKey } from '../../lambdas/catalogue/keys.ts'
import { findCondition, OutboxItem } from '../../lambdas/catalogue/notices.ts'
import { ProofRecord } from '../../lambdas/catalogue/proofs.ts'
import { keepSteps, restoreManifestCreation, stepsFrom } from '../../lambdas/catalogue/restore-manifests.ts'
import { findSnapshot } from '../../lambdas/catalogue/snapshots.ts'
import { collect, prefixed, put, query, type Table, update } from '../../lambdas/catalogue/table.ts'
import { certify } from '../../shared/certificate.ts'
import { newUlid } from '../../shared/ids.ts'
import { fingerprintOf, newSigningKey, type PrivateKey, publicKeyOf } from '../../shared/jws.ts'
import { handOver } from '../../shared/succession.ts'
import {
  backUp,
  commit,
  enrolAgent,
  fullEntry,
  open,
  registerSource,
  stage,
  type TestAgent,
  upload,
} from '../receiver/agent.ts'
import { ok, requestOf, startReceiver, type TestReceiver } from '../receiver/support.ts'

/* Whoever took a host over has its key, and is as quick as the host itself. */

let receiver: TestReceiver
let agent: TestAgent
beforeAll(async () => {
  receiver = await startReceiver()
})
beforeEach(async () => {
  agent = await enrolAgent(receiver)
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

/** Does `first` when the next call is about to write its transaction: what that was decided on is a moment old then. */
function before(first: () => Promise<unknown>): void {
  receiver.seams.table = (table: Table): Table => ({
    ...table,
    documents: new Proxy(table.documents, {
      get(target, name) {
        if (name !== 'send') return Reflect.get(target, name)
        return async (command: { constructor: { name: string } }) => {
          if (command.constructor.name === 'TransactWriteCommand' && receiver.seams.table !== untouched) {
            receiver.seams.table = untouched
            await first()
          }
          return target.send(command as never)
        }
      },
    }),
  })
}
const untouched = (table: Table) => table

describe('the customer key on record', () => {
  const word = async (of: PrivateKey, by: PrivateKey) => ({
    certificate: await certify(publicKeyOf(of), by, receiver.clock.now),
    customerKey: publicKeyOf(by),
  })
  const rotation = async (key: PrivateKey, certification?: object) => ({
    publicKey: publicKeyOf(key),
    ...(await handOver(agent.id, agent.key, key, receiver.clock.now)),
    certification,
  })

  it.each(['with a customer key of the thief’s own', 'without one'])(
    'stays, when the key is changed %s in the moment in which it is recorded',
    async how => {
      const [customer, thief, key] = [await newSigningKey(), await newSigningKey(), await newSigningKey()]
      const body = await rotation(key, how === 'without one' ? undefined : await word(key, thief))
      before(async () => ok(await agent.call('PUT', '/v1/agent/certificate', await word(agent.key, customer))))
      expect((await agent.call('POST', '/v1/agent/key', body)).body.code).toBe('throttled')
      const { customerKey, publicKey } = (await findAgent(receiver.ports.catalogue, agent.id))!
      expect(customerKey && (await fingerprintOf(customerKey))).toBe(await fingerprintOf(customer))
      expect(publicKey).toEqual(publicKeyOf(agent.key))
    },
  )
})

describe('a link that is used up', () => {
  it('plans nothing more: what it asks for leaves nothing behind', async () => {
    const source = await registerSource(agent)
    await backUp(agent, source, 'full', [fullEntry('a', 1, new Date().toISOString())])
    const { url } = ok(await agent.call('POST', '/v1/links', { source, expiresSeconds: 600, uses: 1 }))
    const secret = url.split('#')[1]
    const ask = async (idempotencyKey: string) => {
      const request = { source, idempotencyKey }
      const headers = { authorization: `Bearer ${secret}` }
      const { body } = await receiver.send(requestOf('POST', '/v1/restore-manifests', request, headers))
      const id = hashOf(`link:${hashOf(secret)} ${JSON.stringify(request)}`)
      return { body, steps: (await stepsFrom(receiver.ports.catalogue, id, 0)).length }
    }
    expect(await ask('first-0123456789')).toMatchObject({ body: { bytes: expect.any(Number) }, steps: 1 })
    expect(await ask('second-0123456789')).toMatchObject({ body: { code: 'link-invalid' }, steps: 0 })
    expect(await ask('first-0123456789')).toMatchObject({ body: { bytes: expect.any(Number) }, steps: 1 })
  })
})

describe('a host whose key was changed a hundred times', () => {
  it('can be restored from: no page of the plan is longer than a function may answer', async () => {
    const { catalogue } = receiver.ports
    const source = await registerSource(agent)
    const link = (await handOver(agent.id, agent.key, await newSigningKey(), receiver.clock.now)).succession
    const item = {
      manifest: 'm'.repeat(64 * 1024),
      receiver: receiver.id,
      recipients: ['age1test'],
      agent: agent.id,
      agentName: 'db 1',
      agentKey: publicKeyOf(agent.key),
      certificate: null,
      customerKey: null,
      succession: Array(100).fill(link),
    }
    const steps = Array.from({ length: 120 }, () => `${source}.${newUlid()}`).map(snapshot => ({
      snapshot,
      receivedAt: receiver.clock.now.toISOString(),
    }))
    for (const { snapshot } of steps) await put(catalogue, { key: manifestKey(snapshot), item })
    const manifest = {
      id: 'long',
      tenant: agent.tenant,
      source,
      holder: `agent:${agent.id}`,
      at: null,
      of: null,
      units: null,
      createdAt: receiver.clock.now.toISOString(),
      expiresAt: new Date(receiver.clock.now.getTime() + 3_600_000).toISOString(),
      bytes: 1,
      count: steps.length,
    }
    await keepSteps(catalogue, manifest, steps)
    await put(catalogue, restoreManifestCreation(manifest))
    const shown: string[] = []
    for (let page: string | null = '0'; page !== null; ) {
      const answer = await agent.call('GET', `/v1/restore-manifests/long?page=${page}`)
      expect(Buffer.byteLength(JSON.stringify(answer.text))).toBeLessThan(6 * 1024 ** 2)
      shown.push(...ok(answer).snapshots.map(({ snapshot }: { snapshot: string }) => snapshot))
      page = answer.body.next
    }
    expect(shown).toEqual(steps.map(({ snapshot }) => snapshot))
  })

  it('never has a longer one: each step of its line is short', async () => {
    const key = await newSigningKey()
    const { succession, possession } = await handOver(agent.id, agent.key, key, receiver.clock.now)
    expect(succession.length).toBeLessThan(800)
    const body = { publicKey: publicKeyOf(key), succession: succession.padEnd(1025, 'A'), possession }
    expect((await agent.call('POST', '/v1/agent/key', body)).body.detail).toContain('succession')
  })
})

describe('the audit', () => {
  it('can be read to its end, whatever links a host makes', async () => {
    const source = await registerSource(agent)
    const units = Array.from({ length: 40 }, (_, i) => `${i}`.padEnd(512, '"'))
    for (let i = 0; i < 150; i++) ok(await agent.call('POST', '/v1/links', { source, expiresSeconds: 600, units }))
    const month = receiver.clock.now.toISOString().slice(0, 7).replace('-', '')
    const actions: string[] = []
    let target: string | null = `/v1/admin/tenants/${agent.tenant}/audit?month=${month}`
    while (target !== null) {
      const answer = await receiver.admin('GET', target)
      expect(Buffer.byteLength(JSON.stringify(answer.text))).toBeLessThan(6 * 1024 ** 2)
      const { entries, next } = ok(answer)
      actions.push(...entries.map(({ action }: { action: string }) => action))
      target = next && `/v1/admin/tenants/${agent.tenant}/audit?month=${month}&before=${next}`
    }
    expect(actions.filter(action => action === 'link-created')).toHaveLength(150)
    expect(actions.at(-1)).toBe('tenant-created')
  })
})

describe('sources', () => {
  it('cannot be registered without end; those that are there go on', async () => {
    const source = await registerSource(agent)
    const names = Array.from({ length: mostSources - 1 }, (_, i) => `more ${i}`)
    await Promise.all(
      names.map(name =>
        put(receiver.ports.catalogue, { key: sourceNameKey(agent.id, name), item: { source: newUlid(), name } }),
      ),
    )
    const answer = await agent.call('PUT', '/v1/sources/another', { engine: 'mysql' })
    expect(answer.body).toMatchObject({ code: 'quota-exceeded', fix: expect.any(String) })
    expect(await registerSource(agent)).toBe(source)
    const other = await enrolAgent(receiver, agent.tenant)
    expect(await registerSource(other)).not.toBe(source)
  })
})

describe('a unit list in thousands of pieces', () => {
  it('is refused before one of them is read: no commit ends that long', async () => {
    const source = await registerSource(agent)
    const entry = fullEntry('a', 1, new Date().toISOString())
    const staged = await stage(agent, await open(agent, source), [entry], {
      change: manifest => {
        const [{ pack, offset, length }] = manifest.units.extents as [(typeof manifest.units.extents)[number]]
        const bytes = Array.from({ length }, (_, i) => ({ pack, offset: offset + i, length: 1 }))
        return { ...manifest, units: { ...manifest.units, extents: bytes } }
      },
    })
    const { body } = await commit(agent, staged)
    expect(body).toMatchObject({ code: 'manifest-invalid', detail: expect.stringContaining('pieces') })
  })
})

describe('an agent that was silent', () => {
  it('is not waited for again when its call meets its revocation', async () => {
    const { catalogue } = receiver.ports
    await update(catalogue, {
      key: agentKey(agent.id),
      update: 'SET #silent = :yes, #lastSeen = :long',
      values: { ':yes': true, ':long': '2026-01-01T00:00:00.000Z' },
    })
    const seen = (await findAgent(catalogue, agent.id))!
    ok(await receiver.admin('POST', `/v1/admin/agents/${agent.id}/revoke`, {}))
    await noteContact(catalogue, seen, receiver.clock.now)
    const waiting = await collect(dueIn(catalogue, z.looseObject({ SK: z.string() }), 'SEEN', receiver.clock.now))
    expect(waiting.map(({ SK }) => SK)).not.toContain(agentKey(agent.id).SK)
  })
})

describe('proofs', () => {
  const proofsOf = (snapshot: string) =>
    collect(query(receiver.ports.catalogue, ProofRecord, prefixed(contentKey(snapshot), 'V#')))
  const prove = (by: TestAgent, snapshot: string, body: object) =>
    by.call('POST', `/v1/snapshots/${snapshot}/proofs`, {
      method: 'verify',
      level: 'stored',
      outcome: 'passed',
      ...body,
    })

  it('of a snapshot do not grow without end, and what was found before the theft and after it stays', async () => {
    const source = await registerSource(agent)
    const { snapshot } = await backUp(agent, source, 'full', [fullEntry('a', 1, new Date().toISOString())])
    ok(await prove(agent, snapshot, { level: 'opened', outcome: 'failed', detail: 'before' }))
    for (let i = 0; i < 20; i++)
      for (const outcome of ['failed', 'passed']) {
        receiver.clock.advance(1)
        ok(await prove(agent, snapshot, { level: 'opened', outcome, detail: `thief ${i}` }))
      }
    const clean = await enrolAgent(receiver, agent.tenant, { replaces: agent.id })
    ok(await prove(clean, snapshot, { level: 'opened', outcome: 'failed', detail: 'after' }))
    expect(await proofsOf(snapshot)).toMatchObject([
      { first: { outcome: 'failed', detail: 'before' }, last: { detail: 'after', agent: clean.id } },
      { first: { outcome: 'passed', detail: 'thief 0' }, last: { detail: 'thief 19', agent: agent.id } },
    ])
  })

  it('that come at the same moment leave the greater one shown', async () => {
    const source = await registerSource(agent)
    const { snapshot } = await backUp(agent, source, 'full', [fullEntry('a', 1, new Date().toISOString())])
    before(async () => ok(await prove(agent, snapshot, { level: 'restored', outcome: 'failed' })))
    ok(await prove(agent, snapshot, { level: 'stored', outcome: 'passed' }))
    expect(await findSnapshot(receiver.ports.catalogue, snapshot)).toMatchObject({
      bad: true,
      proof: { level: 'restored', outcome: 'failed' },
    })
    expect(await proofsOf(snapshot)).toHaveLength(2)
  })
})

describe('notices that a host makes', () => {
  it('are a hundred a day at most and that a proof failed, and the audit has the rest', async () => {
    const source = await registerSource(agent)
    const { snapshot } = await backUp(agent, source, 'full', [fullEntry('a', 1, new Date().toISOString())])
    const schedule = (full: string) =>
      agent.call('PUT', '/v1/sources/shop', { engine: 'mysql', schedule: { full } }).then(ok)
    const prove = (outcome: string) =>
      agent.call('POST', `/v1/snapshots/${snapshot}/proofs`, { method: 'drill', level: 'restored', outcome }).then(ok)
    for (let i = 0; i < 60; i++) {
      await schedule('0 2 * * *')
      await schedule('0 2 * * 0')
      receiver.clock.advance(1)
      await prove('failed')
      await prove('passed')
    }
    const month = monthOf(receiver.clock.now.toISOString())
    const audit = await listAudit(receiver.ports.catalogue, agent.tenant, month)
    expect(audit.filter(({ action }) => action === 'schedule-changed')).toHaveLength(120)
    const before = await due()
    receiver.clock.advance(86_400)
    await schedule('0 2 * * *')
    await schedule('0 2 * * 0')
    expect(before).toBe(101)
    expect(await findCondition(receiver.ports.catalogue, agent.tenant, 'proof-failed', source)).toMatchObject({
      recoveredAt: null,
    })
    expect(await due()).toBe(102)
  })

  async function due(): Promise<number> {
    const all = await collect(dueIn(receiver.ports.catalogue, OutboxItem, 'OUT', receiver.clock.now))
    return all.filter(({ tenant }) => tenant === agent.tenant).length
  }
})

describe('a unit list that grows when it is answered', () => {
  const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): object }
  const time = new Date().toISOString()
  it.each([
    ['quotes', (i: number) => ({ ...fullEntry(`${i}`.padEnd(512, '"'), 1, time) }), 2000],
    [
      'numbers that are not asked for',
      () => ({ ...fullEntry('a', 1, time), more: Array(480_000).fill(rawJson('1e20')) }),
      1,
    ],
  ])(
    'by %s is refused, so that the source stays usable for whoever takes the host’s place',
    async (_how, entry, count) => {
      const source = await registerSource(agent)
      const opened = await open(agent, source)
      const staged = await stage(
        agent,
        opened,
        Array.from({ length: count }, (_, i) => entry(i)),
      )
      const text = staged.parts.at(-1)!.toString('latin1')
      expect(text.length).toBeLessThan(2_500_000 + 2000)
      await upload(agent, staged)
      expect((await commit(agent, staged)).body).toMatchObject({ code: 'manifest-invalid' })
      ok(await agent.call('GET', `/v1/sources/${source}/heads`))
    },
  )
})
