import { AbortMultipartUploadCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findAgent } from '../../lambdas/catalogue/agents.ts'
import { listAudit, monthOf } from '../../lambdas/catalogue/audit.ts'
import { byTimeIndex, shards } from '../../lambdas/catalogue/by-time.ts'
import { keepKey } from '../../lambdas/catalogue/keys.ts'
import { claimPack, createPack, findPack, unclaimPack } from '../../lambdas/catalogue/packs.ts'
import { findSnapshot } from '../../lambdas/catalogue/snapshots.ts'
import { headObject } from '../../lambdas/vault/head.ts'
import { metaKey, packKey } from '../../lambdas/vault/keys.ts'
import { readRange } from '../../lambdas/vault/read-range.ts'
import { Receipt } from '../../lambdas/vault/receipt.ts'
import { newUlid } from '../../shared/ids.ts'
import {
  backUp,
  commit,
  enrolAgent,
  fullEntry,
  open,
  packOf,
  putPart,
  registerSource,
  type Staged,
  stage,
  type TestAgent,
  upload,
  windowOf,
} from './agent.ts'
import { Death } from './faults.ts'
import { bucket, ok, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
const at = new Date().toISOString()

beforeAll(async () => {
  receiver = await startReceiver()
  agent = await enrolAgent(receiver)
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const alive = () => Object.assign(receiver.seams, { table: <T>(t: T) => t, vault: <T>(v: T) => v })
const newSource = () => registerSource(agent, newUlid())
const ready = async () => {
  const staged = await stage(agent, await open(agent, await newSource()), [fullEntry('a', 10, at)])
  await upload(agent, staged)
  return staged
}
/** When the janitor looks at a snapshot, in minutes from now; undefined where it does not. */
async function looksAfter(snapshot: string): Promise<number | undefined> {
  const { documents, name } = receiver.ports.catalogue
  for (let shard = 0; shard < shards; shard++) {
    const { Items = [] } = await documents.send(
      new QueryCommand({
        TableName: name,
        IndexName: byTimeIndex,
        KeyConditionExpression: 'gpk = :gpk',
        ExpressionAttributeValues: { ':gpk': `LIVE#${shard}` },
      }),
    )
    const item = Items.find(each => each.snapshot === snapshot)
    if (item) return (Date.parse(item.gsk) - receiver.clock.now.getTime()) / 60_000
  }
  return undefined
}
const abort = ({ snapshot, lease }: Staged) => agent.call('DELETE', `/v1/snapshots/${snapshot}?lease=${lease}`)
const complete = ({ snapshot, lease }: Staged, pack: ReturnType<typeof packOf>) =>
  agent.call('POST', `/v1/snapshots/${snapshot}/packs/${pack.n}/complete`, { lease, pack })
const partsOf = async ({ snapshot, lease }: Staged, n: number) =>
  ok(await agent.call('GET', `/v1/snapshots/${snapshot}/packs/${n}/parts?lease=${lease}`))
async function sendPack({ snapshot, lease }: Staged, n: number, part: Buffer) {
  const { urls } = ok(
    await agent.call('POST', `/v1/snapshots/${snapshot}/parts`, { lease, parts: windowOf([part], n) }),
  )
  return putPart(urls[0].url, urls[0].headers, part)
}

describe('a snapshot waits for the janitor', () => {
  it('while it is open, for seven days', async () => {
    const { snapshot } = await open(agent, await newSource())
    expect(await looksAfter(snapshot)).toBe(7 * 24 * 60)
  })

  it('while it is committed, for ten minutes; and never again once it is', async () => {
    const staged = await ready()
    const death = new Death(25, 'before')
    Object.assign(receiver.seams, { table: death.table, vault: death.vault })
    await commit(agent, staged)
    alive()
    expect((await findSnapshot(receiver.ports.catalogue, staged.snapshot))?.state).toBe('committing')
    expect(await looksAfter(staged.snapshot)).toBe(10)
    ok(await commit(agent, staged))
    expect(await looksAfter(staged.snapshot)).toBeUndefined()
  })

  it('at once when it was aborted, or when another run took over', async () => {
    const aborted = await ready()
    ok(await abort(aborted))
    expect(await looksAfter(aborted.snapshot)).toBe(0)
    const source = await newSource()
    const { snapshot } = await open(agent, source)
    receiver.clock.advance(301)
    await open(agent, source)
    expect(await looksAfter(snapshot)).toBe(0)
  })

  it('when its manifest is refused after all', async () => {
    const staged = await stage(agent, await open(agent, await newSource()), [fullEntry('a', 10, at)], {
      change: manifest => ({ ...manifest, units: { ...manifest.units, count: 7 } }),
    })
    await upload(agent, staged)
    expect((await commit(agent, staged)).body.code).toBe('manifest-invalid')
    expect(await looksAfter(staged.snapshot)).toBe(0)
  })

  it('and a source has its retention chore from the beginning, due within a day', async () => {
    const source = await newSource()
    const chore = async () => {
      const { documents, name } = receiver.ports.catalogue
      return (await documents.send(new GetCommand({ TableName: name, Key: keepKey(source) }))).Item
    }
    const item = await chore()
    expect(item).toMatchObject({ source, tenant: agent.tenant, gpk: expect.stringMatching(/^KEEP#\d$/) })
    expect(Date.parse(item!.gsk) - receiver.clock.now.getTime()).toBeLessThanOrEqual(86_400_000)
    receiver.clock.advance(60)
    await backUp(agent, source, 'full', [fullEntry('a', 20, at)])
    expect(await chore()).toEqual(item)
  })

  it('and its abort, asked for twice at once, is told twice that it is over', async () => {
    const staged = await ready()
    const answers = await Promise.all([abort(staged), abort(staged), abort(staged)])
    expect(answers.map(answer => ok(answer).state)).toEqual(['abandoned', 'abandoned', 'abandoned'])
  })
})

describe('a pack that the manifest does not name', () => {
  it('leaves the snapshot to the janitor, and cannot be completed any more', async () => {
    const staged = await ready()
    const extra = Buffer.alloc(500, 1)
    expect((await sendPack(staged, 2, extra)).status).toBe(200)
    ok(await commit(agent, staged))
    expect(await findSnapshot(receiver.ports.catalogue, staged.snapshot)).toMatchObject({
      state: 'committed',
      strays: true,
    })
    expect(await looksAfter(staged.snapshot)).toBe(20)
    expect((await complete(staged, packOf(2, [extra]))).body).toMatchObject({
      code: 'snapshot-state',
      state: 'committed',
    })
    expect((await sendPackRefused(staged, 3)).body.code).toBe('snapshot-state')
    // those of the manifest may still be asked for
    expect(ok(await complete(staged, staged.manifest.packs[0]!)).state).toBe('complete')
    const { Versions = [] } = await receiver.s3.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: packKey({ ...agent, ...staged }, 2) }),
    )
    expect(Versions).toEqual([])
  })

  const sendPackRefused = ({ snapshot, lease }: Staged, n: number) =>
    agent.call('POST', `/v1/snapshots/${snapshot}/parts`, { lease, parts: windowOf([Buffer.alloc(9)], n) })

  it('is not begun by a request that the commit overtakes', async () => {
    const staged = await ready()
    const reached = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    receiver.seams.table = table => ({
      ...table,
      documents: new Proxy(table.documents, {
        get: (target, name) =>
          name !== 'send'
            ? Reflect.get(target, name)
            : async (command: object) => {
                if (command instanceof PutCommand && command.input.Item?.uploadId !== undefined) {
                  reached.resolve()
                  await goOn.promise
                }
                return target.send(command as never)
              },
      }),
    })
    const late = sendPackRefused(staged, 2)
    await reached.promise
    alive()
    expect(ok(await commit(agent, staged)).state).toBe('committed')
    goOn.resolve()
    expect((await late).body).toMatchObject({ code: 'snapshot-state' })
  })
})

describe('a pack', () => {
  it('whose upload was aborted is not called complete', async () => {
    const staged = await ready()
    expect((await partsOf(staged, 1)).state).toBe('open')
    const pack = await findPack(receiver.ports.catalogue, staged.snapshot, 1)
    const Key = packKey({ ...agent, ...staged }, 1)
    await receiver.s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId: pack!.uploadId }))
    expect(await partsOf(staged, 1)).toEqual({ state: 'closed', parts: [] })
    expect((await complete(staged, staged.manifest.packs[0]!)).body).toMatchObject({
      code: 'pack-mismatch',
      detail: expect.stringMatching(/its upload is gone/),
    })
  })

  it('is claimed by the request that wrote the claim, also where the answer to the write was lost', async () => {
    const table = receiver.ports.catalogue
    const id = `${newUlid()}.${newUlid()}`
    await createPack(table, id, 1, 'upload')
    const { now } = receiver.clock
    expect(await claimPack(table, id, 1, 'mine', now)).toBe(true)
    expect(await claimPack(table, id, 1, 'mine', now)).toBe(true)
    expect(await claimPack(table, id, 1, "another's", now)).toBe(false)
    await unclaimPack(table, id, 1, "another's")
    expect(await claimPack(table, id, 1, "another's", now)).toBe(false)
    await unclaimPack(table, id, 1, 'mine')
    expect(await claimPack(table, id, 1, "another's", now)).toBe(true)
  })
})

describe('a commit that has begun', () => {
  it('is finished with the same receipt under a new receiver id', async () => {
    const staged = await ready()
    // dies at the transaction that finishes it, when the receipt is there
    let transactions = 0
    receiver.seams.table = table => {
      const documents = new Proxy(table.documents, {
        get: (target, name) =>
          name !== 'send'
            ? Reflect.get(target, name)
            : (command: object) => {
                if (command.constructor.name === 'TransactWriteCommand' && ++transactions === 2)
                  return Promise.reject(new Error('died'))
                return target.send(command as never)
              },
      })
      return { ...table, documents }
    }
    expect((await commit(agent, staged)).status).toBe(500)
    alive()
    const { env } = receiver.ports
    const before = env.RECEIVER_ID
    try {
      await expect(receiptOf(staged)).resolves.toMatchObject({ receiver: before })
      Object.assign(env, { RECEIVER_ID: 'renamed' })
      receiver.id = 'renamed'
      expect(ok(await commit(agent, staged)).state).toBe('committed')
    } finally {
      Object.assign(env, { RECEIVER_ID: before })
      receiver.id = before
    }
    await expect(receiptOf(staged)).resolves.toMatchObject({ receiver: before })
  })

  const receiptOf = async (staged: Staged) => {
    const key = metaKey({ ...agent, ...staged }, 'commit.json')
    const { versionId, size } = (await headObject(receiver.vault, key))!
    const bytes = await readRange(receiver.vault, key, versionId, { offset: 0, length: size })
    return Receipt.parse(JSON.parse(Buffer.from(bytes).toString()))
  }

  it('records the versions of what it wrote', async () => {
    const staged = await backUp(agent, await newSource(), 'full', [fullEntry('a', 10, at)])
    const item = await findSnapshot(receiver.ports.catalogue, staged.snapshot)
    if (item?.state !== 'committed') throw new Error('not committed')
    for (const [which, name] of [
      ['manifest', 'manifest.jws'],
      ['units', 'units.jsonl'],
      ['receipt', 'commit.json'],
    ] as const)
      expect(await headObject(receiver.vault, metaKey(item, name))).toMatchObject({
        versionId: item.metaVersions![which],
      })
  })
})

describe('recipients that are not the recorded ones', () => {
  const changes = async (host: TestAgent) =>
    (await listAudit(receiver.ports.catalogue, host.tenant, monthOf(receiver.clock.now.toISOString()))).filter(
      ({ action }) => action === 'recipients-changed',
    )

  it('are stored all the same, audited and told once, and recorded', async () => {
    const host = await enrolAgent(receiver)
    const source = await registerSource(host)
    const sealedTo = async (...recipients: string[]) => {
      const staged = await stage(host, await open(host, source), [fullEntry('a', 10, at)], {
        change: manifest => ({ ...manifest, recipients }),
      })
      await upload(host, staged)
      return ok(await commit(host, staged))
    }
    await sealedTo('age1test')
    expect(await changes(host)).toEqual([])
    for (let i = 0; i < 3; i++) await sealedTo('age1test', 'age1thief')
    await sealedTo('age1thief', 'age1test') // the order is no change
    expect(await changes(host)).toMatchObject([
      { actor: `agent:${host.id}`, target: host.id, detail: { added: ['age1thief'], removed: [] } },
    ])
    expect((await findAgent(receiver.ports.catalogue, host.id))?.recipients.sort()).toEqual(['age1test', 'age1thief'])
    const { documents, name } = receiver.ports.catalogue
    const { Items = [] } = await documents.send(
      new QueryCommand({
        TableName: name,
        KeyConditionExpression: 'PK = :pk',
        ExpressionAttributeValues: { ':pk': `T#${host.tenant}#OUT` },
      }),
    )
    expect(Items.filter(({ kind }) => kind === 'recipients-changed')).toMatchObject([{ state: 'event' }])
  })
})
