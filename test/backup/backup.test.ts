import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ProblemError } from '../../shared/problem.ts'
import { summaryOf } from '../../uploader/backup/summary.ts'
import { collect, digest, noise, text } from '../sealed/support.ts'
import { noiseOf } from '../support/noise.ts'
import { FakeEngine } from './engine.ts'
import { content, MiB, newRig, type Rig, readBack } from './support.ts'
import { startVault, type Vault } from './vault.ts'

let vault: Vault
let rig: Rig
beforeAll(async () => {
  vault = await startVault()
})
afterAll(() => vault.close())
beforeEach(async () => {
  vault.intercept = () => undefined
  rig = await newRig(vault)
})
afterEach(() => rig.close())

describe('a backup', () => {
  test('holds every artefact as it was, in restore order, with its units', async () => {
    const contents = [
      content('z/last.sql', text(9 * MiB), 3),
      content('empty.sql', Buffer.alloc(0), 1),
      content('dense.bin', noise(12 * MiB), 2),
      content('one byte', Buffer.from('x'), 2),
      content('first.sql', text(300_000), 0),
    ]
    const engine = new FakeEngine(contents)
    const result = await rig.backUp(engine)
    const [manifest] = rig.receiver.manifests
    const seen: string[] = []
    const { lines, units } = await readBack(rig, manifest!, async (line, plain) => {
      seen.push(line.name)
      const original = contents.find(({ name }) => name === line.name)!
      expect((await collect(plain)).equals(await collect(original.read()))).toBe(true)
    })
    expect(seen).toEqual(['first.sql', 'empty.sql', 'dense.bin', 'one byte', 'z/last.sql'])
    expect(lines[0]).toMatchObject({ role: 'data', unit: 'server', attributes: { table: 'first.sql' } })
    expect(units).toEqual(result.units)
    expect(manifest).toMatchObject({ run: result.run, totals: { artefacts: 5, sourceBytes: result.bytes.source } })
    expect(engine.notes).toEqual(['begin', 'artefacts ended', `committed ${result.snapshot}`, 'close succeeded'])
    expect(await rig.staged()).toEqual([])
  })

  test('says what it does and sums it up', async () => {
    const result = await rig.backUp([content('a', text(2 * MiB))])
    expect(rig.said).toEqual([
      'plan full 2',
      'step 1 Open a consistent view of all databases',
      'step 2 Back up all databases to the temporary directory',
    ])
    expect(result).toMatchObject({
      type: 'summary',
      source: 'shop',
      engine: 'mysql',
      kind: 'full',
      requested: 'full',
      promoted: null,
      artefacts: 1,
      bytes: { source: 2 * MiB, resent: 0 },
      restorable: { from: '2026-11-22T10:00:01Z', to: '2026-11-22T10:00:01Z' },
      warnings: [],
    })
    expect(result.bytes.sealed).toBe(rig.receiver.manifests[0]?.totals.sealedBytes)
    expect(result.bytes.sent).toBeGreaterThan(result.bytes.sealed)
    expect(result.peakRssBytes).toBeGreaterThan(50 * MiB)
    expect(rig.progress).toMatchObject({ sealed: 2 * MiB })
    expect(summaryOf(result).lines.join('\n')).toMatch(/full backup is complete[\s\S]*2\.0 MiB/)
  })

  test('tells how far it is as it reads, also where what it reads is sealed to next to nothing', async () => {
    const size = 16 * MiB
    const told: number[] = []
    const empty = {
      name: 'empty pages',
      order: 0,
      async *read() {
        for (let at = 0; at < size; at += MiB) {
          told.push(rig.progress.sealed ?? 0)
          yield Buffer.alloc(MiB)
        }
      },
    }
    await rig.backUp([empty])
    // Before each mebibyte is read, all before it is told.
    expect(told).toEqual(Array.from({ length: 16 }, (_, i) => i * MiB))
    expect(rig.progress).toMatchObject({ sealed: size })
  })

  test('that is small, and nothing is known of its source, takes five calls and one PUT', async () => {
    let puts = 0
    vault.intercept = request => {
      if (request.method === 'PUT') puts += 1
      return undefined
    }
    const engine = new FakeEngine([content('a', text(2000), 0), content('b', text(3000), 1)], 5000)
    await rig.backUp(engine)
    expect(rig.receiver.calls).toEqual(['registerSource', 'heads', 'open', 'parts', 'commit', 'committed'])
    expect(puts).toBe(1)
  })

  describe('whose parts may be gathered', () => {
    beforeEach(() => {
      rig.maxBytes = 120 * MiB
    })

    test('asks for the URLs of four with one call where they come fast', async () => {
      await rig.backUp([{ name: 'a', order: 0, read: () => noiseOf(79 * MiB, 'a') }], { readers: 1 })
      expect(rig.receiver.manifests[0]!.packs.map(({ parts }) => parts)).toEqual([16])
      expect(rig.receiver.calls.filter(call => call === 'parts').length).toBeLessThanOrEqual(5)
    })

    test('asks again where such a call is refused', async () => {
      let refusals = 2
      rig.receiver.before = call => {
        if (call === 'parts' && refusals-- > 0) throw new ProblemError('throttled')
      }
      const result = await rig.backUp([{ name: 'a', order: 0, read: () => noiseOf(34 * MiB, 'a') }], { readers: 1 })
      expect(result.bytes.resent).toBe(0)
      expect(refusals).toBeLessThan(0)
      await readBack(rig, rig.receiver.manifests[0]!, async (_, plain) => {
        expect(await digest(plain)).toBe(await digest(noiseOf(34 * MiB, 'a')))
      })
    })

    test('lets go of what was gathered when it is stopped', async () => {
      const stop = new AbortController()
      const stopped = {
        name: 'a',
        order: 0,
        async *read() {
          yield* noiseOf(8 * MiB, 'a')
          stop.abort(new Error('enough'))
          yield* noiseOf(8 * MiB, 'b')
        },
      }
      await expect(rig.backUp([stopped], { readers: 1, signal: stop.signal })).rejects.toThrow(
        'The backup was interrupted',
      )
      expect(rig.receiver.calls).not.toContain('parts')
      expect(await rig.staged()).toEqual([])
    })

    test('sends one that nothing follows for a while', async () => {
      const waiting = Promise.withResolvers<void>()
      vault.intercept = ({ method }) => {
        if (method === 'PUT') waiting.resolve()
        return undefined
      }
      const slow = {
        name: 'a',
        order: 0,
        async *read() {
          yield* noiseOf(8 * MiB, 'a')
          await waiting.promise
          yield* noiseOf(8 * MiB, 'b')
        },
      }
      expect((await rig.backUp([slow], { readers: 1 })).bytes.source).toBe(16 * MiB)
    })
  })

  test('in mode auto asks for logs once there is something to build on, and says why it made a full one', async () => {
    expect((await rig.backUp([content('a', text(2000))], { mode: 'auto' })).promoted).toBeNull()
    const { snapshot } = rig.receiver.manifests[0]!
    const receivedAt = new Date().toISOString()
    rig.receiver.head = { snapshot, lane: 'data', kind: 'full', receivedAt, units: [] }
    const result = await rig.backUp([content('a', text(2000))], { mode: 'auto' })
    expect(result).toMatchObject({ requested: 'auto', promoted: 'this test makes full backups only' })
  })
})

describe('the staging budget', () => {
  test('is never exceeded by a database many times larger, and a slow line holds the engine back', async () => {
    rig.maxBytes = 21 * MiB
    vault.intercept = request => {
      // A slow storage: each part is held up before it is read.
      if (request.method === 'PUT') request.pause()
      setTimeout(() => request.resume(), 20)
      return undefined
    }
    let most = 0
    let files = 0
    let watching = true
    const watch = (async () => {
      while (watching) {
        const staged = await rig.staged()
        most = Math.max(
          most,
          staged.reduce((sum, { size }) => sum + size, 0),
        )
        files = Math.max(files, staged.filter(({ name }) => name.endsWith('.part')).length)
        await new Promise(resolve => setTimeout(resolve, 2))
      }
    })()
    const size = 60 * MiB
    const contents = ['a', 'b', 'c'].map((name, order) => ({ name, order, read: () => noiseOf(size, name) }))
    const result = await rig.backUp(contents)
    watching = false
    await watch
    expect(result.bytes.source).toBe(3 * size)
    expect(result.bytes.sealed).toBeGreaterThan(5 * rig.maxBytes)
    expect(most).toBeGreaterThan(10 * MiB)
    expect(most).toBeLessThanOrEqual(rig.maxBytes)
    expect(files).toBeLessThanOrEqual(4)
    await readBack(rig, rig.receiver.manifests[0]!, async (line, plain) => {
      expect(await digest(plain)).toBe(await digest(noiseOf(size, line.name)))
    })
  })

  test('that is too small is refused before anything is asked of the source', async () => {
    rig.maxBytes = 20 * MiB
    const engine = new FakeEngine([content('a', text(1000))])
    await expect(rig.backUp(engine)).rejects.toMatchObject({
      code: 'staging-too-small',
      fix: 'Raise staging.maxBytes to at least 21MiB',
    })
    expect(engine.notes).toEqual([])
    expect(rig.receiver.states()).toEqual(['abandoned'])
    expect(await rig.staged()).toEqual([])
  })
})

test('a pack ends at its limit of parts and an artefact goes on in the next', async () => {
  rig.receiver.partsPerPack = 2
  const size = 33 * MiB
  await rig.backUp([{ name: 'a', order: 0, read: () => noiseOf(size) }], { readers: 1 })
  const manifest = rig.receiver.manifests[0]!
  expect(manifest.packs.length).toBeGreaterThan(3)
  expect(manifest.packs.every(({ parts }) => parts <= 2)).toBe(true)
  const { lines } = await readBack(rig, manifest, async (_line, plain) => {
    expect(await digest(plain)).toBe(await digest(noiseOf(size)))
  })
  expect(lines[0]?.extents.length).toBe(manifest.packs.length)
})

test('a second run of a source is refused while one is at work, and not afterwards', async () => {
  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  const slow = async function* () {
    await held
    yield Buffer.from('x')
  }
  const first = rig.backUp([{ name: 'a', order: 0, read: slow }])
  await expect.poll(() => rig.receiver.calls).toContain('open')
  await expect(rig.backUp([content('b', text(10))])).rejects.toMatchObject({ code: 'source-held' })
  await rig.backUp([content('b', text(10))], { source: 'other' })
  release()
  await first
  await rig.backUp([content('b', text(10))])
})
