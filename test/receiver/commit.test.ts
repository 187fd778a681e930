import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { DeleteObjectCommand, GetObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Receipt } from '../../lambdas/vault/receipt.ts'
import { newSigningKey } from '../../shared/jws.ts'
import type { Manifest } from '../../shared/manifest.ts'
import {
  backUp,
  commit,
  enrolAgent,
  fullEntry,
  logEntry,
  open,
  registerSource,
  stage,
  type TestAgent,
  upload,
} from './agent.ts'
import { bucket, ok, sha256, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
let source: string
const at = new Date().toISOString()

beforeAll(async () => {
  receiver = await startReceiver()
  agent = await enrolAgent(receiver)
  source = await registerSource(agent)
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const stored = async (snapshot: string) => {
  const folder = `${agent.tenant}/${snapshot.replace('.', '/')}`
  const { Versions = [] } = await receiver.s3.send(new ListObjectVersionsCommand({ Bucket: bucket }))
  return Versions.filter(({ Key }) => Key!.includes(folder))
}
const refused = async (change: (manifest: Manifest) => Manifest, options: object = {}) => {
  const staged = await stage(
    agent,
    await open(agent, await registerSource(agent, `s${Math.random()}`)),
    [fullEntry('a', 10, at)],
    {
      change,
      ...options,
    },
  )
  await upload(agent, staged)
  return { staged, answer: await commit(agent, staged) }
}

describe('a commit', () => {
  it('makes a snapshot the head of its lane and of its source, and frees the lease', async () => {
    const { snapshot, receivedAt, lockedUntil, warnings } = await backUp(agent, source, 'full', [
      fullEntry('a', 10, at),
    ])
    expect(Date.parse(lockedUntil) - Date.parse(receivedAt)).toBe(30 * 86_400_000)
    expect(warnings).toEqual([])
    const heads = ok(await agent.call('GET', `/v1/sources/${source}/heads`))
    expect(heads.data).toMatchObject({ snapshot, kind: 'full', receivedAt, units: [{ unit: 'a' }] })
    expect(heads.log).toBeNull()
    const { sources } = ok(await receiver.admin('GET', `/v1/admin/sources?tenant=${agent.tenant}`))
    expect(sources).toMatchObject([{ source, lastSnapshot: snapshot, lastReceivedAt: receivedAt }])
    expect((await open(agent, source)).snapshot).not.toBe(snapshot)
  })

  it('locks every version it stored: a delete by version is refused', async () => {
    const { snapshot } = await backUp(agent, await registerSource(agent, 'locked'), 'full', [fullEntry('a', 10, at)])
    const versions = await stored(snapshot)
    expect(versions.map(({ Key }) => Key!.split('/').at(-1)).sort()).toEqual([
      '0001.pack',
      'commit.json',
      'manifest.jws',
      'units.jsonl',
    ])
    for (const { Key, VersionId } of versions)
      await expect(receiver.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }))).rejects.toMatchObject(
        {
          name: 'AccessDenied',
        },
      )
  })

  it('writes a receipt that says what was stored, in which versions, when, and on whose word', async () => {
    const { snapshot, jws, manifest, receivedAt, lockedUntil } = await backUp(
      agent,
      await registerSource(agent, 'receipt'),
      'full',
      [fullEntry('a', 10, at)],
    )
    const versions = await stored(snapshot)
    const versionOf = (name: string) => versions.find(({ Key }) => Key!.endsWith(name))!.VersionId
    const Key = `meta/${agent.tenant}/${snapshot.replace('.', '/')}/commit.json`
    const { Body } = await receiver.s3.send(new GetObjectCommand({ Bucket: bucket, Key }))
    const receipt = Receipt.parse(JSON.parse(await Body!.transformToString()))
    expect(receipt).toMatchObject({
      snapshot,
      receivedAt,
      lock: { mode: 'GOVERNANCE', until: lockedUntil },
      agent: { id: agent.id, key: { x: agent.key.x } },
      packs: [{ ...manifest.packs[0], versionId: versionOf('0001.pack') }],
      manifest: { sha256: sha256(jws), versionId: versionOf('manifest.jws') },
      units: { sha256: manifest.units.sha256, count: 1, versionId: versionOf('units.jsonl') },
    })
  })

  it('asked for again answers the same, and with another manifest is refused', async () => {
    const staged = await backUp(agent, await registerSource(agent, 'again'), 'full', [fullEntry('a', 10, at)])
    const again = ok(await commit(agent, staged))
    expect(again).toMatchObject({ state: 'committed', receivedAt: staged.receivedAt })
    const elsewhere = await open(agent, await registerSource(agent, 'elsewhere'))
    const other = await stage(agent, { ...elsewhere, snapshot: staged.snapshot }, [fullEntry('a', 11, at)])
    const answer = await commit(agent, { ...other, lease: staged.lease })
    expect(answer.body).toMatchObject({ code: 'snapshot-state', state: 'committed' })
  })

  it('of which two requests at once both succeed leaves one version of everything', async () => {
    const staged = await stage(agent, await open(agent, await registerSource(agent, 'twice')), [fullEntry('a', 10, at)])
    await upload(agent, staged)
    const answers = await Promise.all([1, 2, 3].map(() => commit(agent, staged)))
    for (const { status, text } of answers) expect([200, 202], text).toContain(status)
    expect(ok(await commit(agent, staged)).state).toBe('committed')
    expect(await stored(staged.snapshot)).toHaveLength(4)
  })

  it('that meets a renewal of its own lease begins all the same', async () => {
    const staged = await stage(agent, await open(agent, await registerSource(agent, 'met')), [fullEntry('a', 10, at)])
    await upload(agent, staged)
    let met = 0
    receiver.seams.table = table => ({
      ...table,
      documents: new Proxy(table.documents, {
        get: (target, name) =>
          name !== 'send'
            ? Reflect.get(target, name)
            : (command: object) => {
                if (!(command instanceof TransactWriteCommand) || met > 0) return target.send(command as never)
                met += 1
                // what DynamoDB answers while another write to the lane is under way
                return Promise.reject(
                  new TransactionCanceledException({
                    message: 'Transaction cancelled',
                    $metadata: {},
                    CancellationReasons: [{ Code: 'None' }, { Code: 'TransactionConflict' }, { Code: 'None' }],
                  }),
                )
              },
      }),
    })
    const answer = await commit(agent, staged)
    receiver.seams.table = table => table
    expect(met).toBe(1)
    expect(ok(answer).state).toBe('committed')
  })

  it('of many parts is proved part by part, and a pack may be completed before', async () => {
    const opened = await open(agent, await registerSource(agent, 'parts'))
    const staged = await stage(agent, opened, [fullEntry('a', 10, at)], { size: opened.partSize + 5000 })
    expect(staged.parts).toHaveLength(2)
    await upload(agent, staged)
    const pack = staged.manifest.packs[0]!
    const complete = (body: unknown) => agent.call('POST', `/v1/snapshots/${staged.snapshot}/packs/1/complete`, body)
    expect((await complete({ lease: staged.lease, pack: { ...pack, size: pack.size - 1 } })).body).toMatchObject({
      code: 'pack-mismatch',
    })
    for (let i = 0; i < 2; i++) expect(ok(await complete({ lease: staged.lease, pack })).state).toBe('complete')
    expect((await complete({ lease: staged.lease, pack: { ...pack, sha256: sha256('x') } })).body).toMatchObject({
      code: 'pack-mismatch',
    })
    expect(
      ok(await agent.call('GET', `/v1/snapshots/${staged.snapshot}/packs/1/parts?lease=${staged.lease}`)).state,
    ).toBe('complete')
    expect(ok(await commit(agent, staged)).state).toBe('committed')
  })

  it('keeps long unit lists where the heads can show them', async () => {
    const own = await registerSource(agent, 'many units')
    const units = Array.from({ length: 3000 }, (_, i) => fullEntry(`database ${i} ✓ 𝄞`, i, at))
    await backUp(agent, own, 'full', units)
    expect(ok(await agent.call('GET', `/v1/sources/${own}/heads`)).data.units).toEqual(units)
  })

  it('warns when the clocks of host or application are more than ten minutes off', async () => {
    const late = new Date(Date.now() + 20 * 60_000)
    const opened = await open(agent, await registerSource(agent, 'clocks'))
    const staged = await stage(agent, opened, [fullEntry('a', 10, late.toISOString())], { sealedAt: late })
    await upload(agent, staged)
    const { warnings } = ok(await commit(agent, staged))
    expect(warnings).toEqual([
      expect.stringMatching(/host says that the snapshot was sealed (19|20) minutes after/),
      expect.stringMatching(/application is (19|20) minutes ahead/),
    ])
  })

  it('stores a log that does not continue the one before, opened when nobody knew', async () => {
    const own = await registerSource(agent, 'gap')
    await backUp(agent, own, 'full', [fullEntry('a', 10, at)])
    await backUp(agent, own, 'log', [logEntry('a', 10, 20, at, at)])
    const { snapshot, warnings } = await backUp(agent, own, 'log', [logEntry('a', 50, 60, at, at)])
    expect(warnings).toEqual([expect.stringMatching(/log missing/)])
    expect(ok(await agent.call('GET', `/v1/sources/${own}/heads`)).log.snapshot).toBe(snapshot)
  })
})

describe('a commit is refused, and nothing is locked,', () => {
  const cases: [string, string, (manifest: Manifest) => Manifest, RegExp][] = [
    [
      'for a manifest of another snapshot',
      'manifest-invalid',
      m => ({ ...m, snapshot: `${m.source}.${m.run}` }),
      /snapshot/,
    ],
    ['for a manifest of another agent', 'manifest-invalid', m => ({ ...m, agent: `x${m.agent}` }), /agent/],
    ['for another kind than was opened', 'manifest-invalid', m => ({ ...m, kind: 'log', lane: 'log' }), /lane/],
    ['for another part size', 'manifest-invalid', m => ({ ...m, partSize: m.partSize * 2 }), /partSize/],
    [
      'for packs that do not count up',
      'manifest-invalid',
      m => ({ ...m, packs: m.packs.map(p => ({ ...p, n: 2 })) }),
      /packs/,
    ],
    [
      'for an extent outside of its pack',
      'manifest-invalid',
      m => ({ ...m, units: { ...m.units, extents: [{ pack: 1, offset: 0, length: 1e6 }] } }),
      /outside/,
    ],
    [
      'for a unit list with another hash',
      'manifest-invalid',
      m => ({ ...m, units: { ...m.units, sha256: sha256('') } }),
      /SHA-256/,
    ],
    [
      'for a wrong number of units',
      'manifest-invalid',
      m => ({ ...m, units: { ...m.units, count: 2 } }),
      /1 entries, not 2/,
    ],
    [
      'for a pack with another hash',
      'pack-mismatch',
      m => ({ ...m, packs: m.packs.map(p => ({ ...p, sha256: sha256('') })) }),
      /SHA-256 differs/,
    ],
    [
      'for a pack of another size',
      'pack-mismatch',
      m => ({ ...m, packs: m.packs.map(p => ({ ...p, size: p.size + 1 })) }),
      /bytes/,
    ],
    [
      'for a pack that was never uploaded',
      'pack-mismatch',
      m => ({ ...m, packs: [...m.packs, { ...m.packs[0]!, n: 2 }] }),
      /nothing of it was uploaded/,
    ],
  ]
  for (const [title, code, change, detail] of cases)
    it(title, async () => {
      const { staged, answer } = await refused(change)
      expect(answer.body).toMatchObject({ code, detail: expect.stringMatching(detail) })
      expect((await stored(staged.snapshot)).filter(({ Key }) => Key!.startsWith('meta/'))).toEqual([])
      for (const { Key, VersionId } of await stored(staged.snapshot))
        await receiver.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }))
    })

  it('for a manifest signed by a foreign key', async () => {
    const { answer } = await refused(m => m, { key: await newSigningKey() })
    expect(answer.body).toMatchObject({ code: 'manifest-invalid', detail: expect.stringMatching(/not signed/) })
  })

  it('for the manifest of another run of the same agent', async () => {
    const [one, two] = [
      await open(agent, await registerSource(agent, 'one')),
      await open(agent, await registerSource(agent, 'two')),
    ]
    const mine = await stage(agent, one, [fullEntry('a', 1, at)])
    const swapped = await stage(agent, two, [fullEntry('a', 1, at)])
    await upload(agent, mine)
    expect((await commit(agent, { ...mine, jws: swapped.jws })).body).toMatchObject({ code: 'manifest-invalid' })
  })

  it('for units that contradict themselves or the lane', async () => {
    const entry = fullEntry('a', 10, at)
    const base = `${source}.${source}`
    const bad = [
      [entry, entry],
      [logEntry('a', 1, 2, at, at)],
      [{ ...entry, base }],
      [{ ...entry, kind: 'differential' as const }],
      [{ ...entry, kind: 'differential' as const, base }],
      [{ ...entry, from: { stream: 'other', at: '1' } }],
      [{ ...entry, covers: { from: at, to: '2020-01-01T00:00:00Z' } }],
    ]
    for (const [i, units] of bad.entries()) {
      const own = await registerSource(agent, `units ${i}`)
      const staged = await stage(agent, await open(agent, own), units)
      await upload(agent, staged)
      expect((await commit(agent, staged)).body, JSON.stringify(units)).toMatchObject({ code: 'manifest-invalid' })
      // the snapshot has ended, so that the next run finds the lane free
      expect((await open(agent, own)).snapshot).not.toBe(staged.snapshot)
    }
  })

  it('and is not, for a differential on a full of the same source', async () => {
    const own = await registerSource(agent, 'differential')
    const { snapshot } = await backUp(agent, own, 'full', [fullEntry('a', 10, at)])
    const entry = { ...fullEntry('a', 20, at), kind: 'differential' as const, base: snapshot }
    expect((await backUp(agent, own, 'differential', [entry])).receivedAt).toBeDefined()
    const foreign = await stage(agent, await open(agent, await registerSource(agent, 'foreign base'), 'differential'), [
      entry,
    ])
    await upload(agent, foreign)
    expect((await commit(agent, foreign)).body).toMatchObject({ code: 'manifest-invalid' })
  })
})
