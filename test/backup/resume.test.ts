import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Failure } from '../../shared/failure.ts'
import { newUlid } from '../../shared/ids.ts'
import { newSigningKey } from '../../shared/jws.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { LeftBehind } from '../../uploader/engines/engine.ts'
import type { FaultPoint } from '../../uploader/fault-point.ts'
import { digest, text } from '../sealed/support.ts'
import { contentsOf } from './contents.ts'
import { FakeEngine } from './engine.ts'
import { dieAt } from './killed.ts'
import { StandaloneEngine } from './standalone-engine.ts'
import { content, MiB, newRig, type Rig, readBack, stagedText } from './support.ts'
import { startVault, type Vault } from './vault.ts'

let vault: Vault
let rig: Rig
/** PUTs by part that reached the storage whole. */
let puts: Map<string, number>
beforeAll(async () => {
  vault = await startVault()
})
afterAll(() => vault.close())
beforeEach(async () => {
  puts = new Map()
  countPuts()
  rig = await newRig(vault)
})
afterEach(() => rig.close())

function countPuts(): void {
  vault.intercept = request => {
    if (request.method !== 'PUT') return undefined
    const { pathname, searchParams } = new URL(request.url!, vault.url)
    const part = `${pathname}#${searchParams.get('partNumber')}`
    puts.set(part, (puts.get(part) ?? 0) + 1)
    return undefined
  }
}

/** Nothing arrives, as in an outage of the storage. */
function holdPuts(): void {
  vault.intercept = request => (request.method === 'PUT' ? { kind: 'stall' } : undefined)
}

const next = () => new FakeEngine([content('next', text(300_000))])

/** The n-th snapshot that was committed is the one of the killed run. */
async function expectKilledRunWhole(n = 0): Promise<void> {
  const contents = contentsOf('MARKER')
  const { lines } = await readBack(rig, rig.receiver.manifests[n]!, async (line, plain) => {
    expect(await digest(plain)).toBe(await digest(contents.find(({ name }) => name === line.name)!.read()))
  })
  expect(lines).toHaveLength(4)
}

const partFiles = async () => (await rig.staged()).filter(({ name }) => name.endsWith('.part')).map(({ name }) => name)

describe('a run that was killed when all was staged is finished by the next one', () => {
  const steps: FaultPoint[] = [
    'staging-journalled',
    'parts-uploaded',
    'manifest-journalled',
    'commit-answered',
    'commit-journalled',
    'source-told',
    'journal-closed',
  ]
  test.each(steps)('killed at %s', async step => {
    rig.maxBytes = 60 * MiB
    await dieAt(rig, step)
    const engine = next()
    const result = await rig.backUp(engine)
    expect(rig.receiver.states()).toEqual(['committed', 'committed'])
    await expectKilledRunWhole()
    const again = [...puts.values()].filter(count => count > 1)
    expect(again.length).toBeLessThanOrEqual(4)
    const [first, second] = rig.receiver.manifests
    expect(engine.notes).toContain(`committed ${first!.snapshot}`)
    expect(result.snapshot).toBe(second!.snapshot)
    expect(result.warnings).toMatchObject([{ code: 'earlier-run', message: expect.stringContaining(first!.run) }])
    expect(rig.receiver.runs.find(({ run }) => run === first!.run)).toMatchObject({
      outcome: 'succeeded-with-warnings',
      snapshot: first!.snapshot,
      requested: 'full',
    })
    expect(await rig.staged()).toEqual([])
  })

  test('also when that one is killed too, at any step of it', async () => {
    rig.maxBytes = 60 * MiB
    holdPuts()
    await dieAt(rig, 'staging-journalled')
    countPuts()
    await dieAt(rig, 'part-sent:3')
    await dieAt(rig, 'pack-completed')
    await dieAt(rig, 'parts-uploaded')
    await dieAt(rig, 'manifest-journalled')
    await dieAt(rig, 'commit-answered')
    await dieAt(rig, 'source-told')
    await rig.backUp(next())
    expect(rig.receiver.states()).toEqual(['committed', 'committed'])
    await expectKilledRunWhole()
    expect(await rig.staged()).toEqual([])
  })

  test('into a new snapshot where its own was given up and every part is still here', async () => {
    rig.maxBytes = 60 * MiB
    holdPuts()
    await dieAt(rig, 'staging-journalled')
    countPuts()
    const [open] = rig.receiver.snapshots.values()
    open!.state = 'abandoned'
    const run = open!.run
    await dieAt(rig, 'part-sent:2')
    const result = await rig.backUp(next())
    expect(rig.receiver.states()).toEqual(['abandoned', 'committed', 'committed'])
    await expectKilledRunWhole()
    expect(rig.receiver.manifests[0]!.run).not.toBe(run)
    expect(result.warnings[0]?.message).toMatch(/is complete$/)
  })

  test('where the receiver was away so long that the run failed: what it had staged is kept', async () => {
    rig.maxBytes = 60 * MiB
    rig.receiver.before = call => {
      if (call === 'complete' || call === 'abort') throw new ProblemError('internal')
    }
    const engine = new FakeEngine(contentsOf('MARKER'))
    const sleep = (milliseconds: number, signal: AbortSignal) => pause(milliseconds / 100, undefined, { signal })
    await expect(rig.backUp(engine, { sleep, patience: 4000 })).rejects.toMatchObject({
      code: 'upload-failed',
      fix: expect.stringContaining('all that it needs is staged'),
    })
    expect(engine.notes.at(-1)).toBe('close failed')
    expect(rig.receiver.states()).toEqual(['open'])
    rig.receiver.before = () => {}
    await rig.backUp(next())
    await expectKilledRunWhole()
    expect([...puts.values()].every(count => count === 1)).toBe(true)
  })

  test('where it was interrupted by a person: what it had staged is kept', async () => {
    rig.maxBytes = 60 * MiB
    const stop = new AbortController()
    holdPuts()
    const running = rig.backUp(new FakeEngine(contentsOf('MARKER')), { signal: stop.signal })
    running.catch(() => {})
    await expect.poll(journals, { timeout: 20_000 }).toContain('all-staged')
    stop.abort()
    await expect(running).rejects.toMatchObject({ code: 'cancelled', fix: expect.stringContaining('is staged') })
    countPuts()
    await rig.backUp(next())
    expect(rig.receiver.states()).toEqual(['committed', 'committed'])
    await expectKilledRunWhole()
  })
})

test('a person who interrupts the run that finishes an earlier one is told that all of it is kept', async () => {
  rig.maxBytes = 60 * MiB
  holdPuts()
  await dieAt(rig, 'staging-journalled')
  const stop = new AbortController()
  rig.receiver.before = call => {
    if (call === 'packParts') stop.abort()
  }
  await expect(rig.backUp(next(), { signal: stop.signal })).rejects.toMatchObject({
    code: 'cancelled',
    fix: expect.stringContaining('is staged'),
  })
  rig.receiver.before = () => {}
  countPuts()
  await rig.backUp(next())
  await expectKilledRunWhole()
})

async function journals(): Promise<string> {
  const files = (await rig.staged()).filter(({ name }) => name.endsWith('journal'))
  return (await Promise.all(files.map(({ name }) => readFile(name, 'utf8')))).join('')
}

describe('such a run is discarded, and said why', () => {
  beforeEach(() => {
    rig.maxBytes = 60 * MiB
  })
  async function expectDiscarded(why: RegExp, states: string[]): Promise<void> {
    const result = await rig.backUp(next())
    expect(result.warnings[0]?.message).toMatch(why)
    expect(rig.receiver.states()).toEqual(states)
    expect(rig.receiver.manifests.map(({ snapshot }) => snapshot)).toEqual([result.snapshot])
    expect(await rig.staged()).toEqual([])
  }

  test('when a part of it was removed', async () => {
    holdPuts()
    await dieAt(rig, 'staging-journalled')
    countPuts()
    await rm((await partFiles()).at(-1)!)
    await expectDiscarded(/discarded: Part \d+ of pack \d+ is neither at the provider nor whole/, [
      'abandoned',
      'committed',
    ])
  })

  test('when a part of it has other bytes', async () => {
    holdPuts()
    await dieAt(rig, 'staging-journalled')
    countPuts()
    const [file] = await partFiles()
    const bytes = await readFile(file!)
    bytes[1000]! ^= 1
    await writeFile(file!, bytes)
    await expectDiscarded(/neither at the provider nor whole/, ['abandoned', 'committed'])
  })

  test('when its snapshot was given up and some parts are gone', async () => {
    await dieAt(rig, 'parts-uploaded')
    const [open] = rig.receiver.snapshots.values()
    open!.state = 'abandoned'
    await expectDiscarded(/sent and removed from this disk already/, ['abandoned', 'abandoned', 'committed'])
  })

  test('when its snapshot was given up and another one was committed meanwhile', async () => {
    holdPuts()
    await dieAt(rig, 'staging-journalled')
    countPuts()
    const [open] = rig.receiver.snapshots.values()
    open!.state = 'abandoned'
    const snapshot = `${open!.snapshot.slice(0, 26)}.${newUlid()}`
    rig.receiver.head = { snapshot, lane: 'data', kind: 'full', receivedAt: new Date().toISOString(), units: [] }
    await expectDiscarded(/another snapshot was committed meanwhile/, ['abandoned', 'abandoned', 'committed'])
  })

  test('when its snapshot was given up and a part is damaged: the new snapshot that was opened for it is given up, too', async () => {
    holdPuts()
    await dieAt(rig, 'staging-journalled')
    countPuts()
    const [open] = rig.receiver.snapshots.values()
    open!.state = 'abandoned'
    await truncate((await partFiles()).at(-1)!, 100)
    await expectDiscarded(/neither at the provider nor whole/, ['abandoned', 'abandoned', 'committed'])
  })

  test('when the receiver refuses its manifest', async () => {
    await dieAt(rig, 'manifest-journalled')
    let first = true
    rig.receiver.before = call => {
      if (call !== 'commit' || !first) return
      first = false
      throw new ProblemError('manifest-invalid', 'units: …')
    }
    await expectDiscarded(/The manifest is not valid/, ['abandoned', 'committed'])
  })
})

test.each([0.2, 0.3, 0.5, 0.7, 0.95])(
  'a journal that lost all behind %d of it costs the run at most, and nothing else',
  async fraction => {
    rig.maxBytes = 60 * MiB
    await dieAt(rig, 'parts-uploaded')
    const journal = (await rig.staged()).find(({ name }) => name.endsWith('journal'))!
    await truncate(journal.name, Math.floor(journal.size * fraction))
    const result = await rig.backUp(next())
    expect(rig.receiver.states().at(-1)).toBe('committed')
    expect(result.warnings).toHaveLength(1)
    if (rig.receiver.manifests.length === 2) await expectKilledRunWhole()
    else expect(rig.receiver.states()[0]).not.toBe('committed')
    await readBack(rig, rig.receiver.manifests.at(-1)!, async (line, plain) => {
      expect(line.name).toBe('next')
      expect(await digest(plain)).toBe(await digest(content('next', text(300_000)).read()))
    })
    expect(await rig.staged()).toEqual([])
  },
)

test('a lane that is held, a refused agent or a quota loses nothing: the staged parts wait', async () => {
  rig.maxBytes = 60 * MiB
  holdPuts()
  await dieAt(rig, 'staging-journalled')
  countPuts()
  const staged = await partFiles()
  for (const refusal of ['lane-held', 'agent-revoked', 'quota-exceeded'] as const) {
    rig.receiver.before = call => {
      if (call === 'open') throw new ProblemError(refusal)
    }
    await expect(rig.backUp(next())).rejects.toMatchObject({ code: refusal })
    expect(await partFiles()).toEqual(staged)
  }
  rig.receiver.before = () => {}
  await rig.backUp(next())
  await expectKilledRunWhole()
})

describe('a run of artefacts that stand alone, killed while it staged', () => {
  const standalone = () => new StandaloneEngine('MARKER')

  async function expectWhole(engine: StandaloneEngine): Promise<void> {
    const { lines, units } = await readBack(rig, rig.receiver.manifests.at(-1)!, async (line, plain) => {
      expect(await digest(plain)).toBe(await digest(engine.read(line.unit)))
    })
    expect(lines.map(({ unit }) => unit)).toEqual(engine.databases)
    expect(units.map(({ unit }) => unit)).toEqual(engine.databases)
    for (const { unit, to } of units) expect(to.at).toBe(lines.find(line => line.unit === unit)!.attributes!.end)
    expect(await rig.staged()).toEqual([])
  }

  test.each(['artefact-begun:18', 'part-written:3', 'part-journalled:3', 'artefact-ended:17'] as const)(
    'at %s reads again at most one of each worker',
    async step => {
      await dieAt(rig, step, 'standalone')
      expect(await stagedText(rig)).not.toContain('MARKER')
      const whole = (await journals()).split('\n').filter(line => line.includes('"type":"artefact"')).length
      const engine = standalone()
      const result = await rig.backUp(engine)
      expect(engine.reads).toHaveLength(20 - whole)
      // The last of them may have been read whole and not been journalled yet.
      if (step === 'artefact-begun:18') expect(whole).toBeGreaterThanOrEqual(16)
      expect(rig.receiver.states()).toEqual(['committed'])
      expect(result.run).toBe([...rig.receiver.snapshots.values()][0]!.run)
      expect(result.warnings).toMatchObject([
        { code: 'earlier-run', message: expect.stringContaining(`${whole} artefacts`) },
      ])
      expect(engine.recovered).toBe(1)
      expect([...puts.values()].filter(count => count > 1).length).toBeLessThanOrEqual(4)
      await expectWhole(engine)
    },
  )

  test('again and again', async () => {
    for (const n of [6, 5, 4]) await dieAt(rig, `artefact-begun:${n}`, 'standalone')
    await dieAt(rig, 'staging-synced', 'standalone')
    const engine = standalone()
    await rig.backUp(engine)
    expect(engine.reads.length).toBeLessThanOrEqual(2)
    expect(rig.receiver.states()).toEqual(['committed'])
    await expectWhole(engine)
  })

  test('is finished without its engine once all was staged', async () => {
    await dieAt(rig, 'artefact-begun:12', 'standalone')
    await dieAt(rig, 'staging-journalled', 'standalone')
    const engine = standalone()
    engine.begin = () => Promise.reject(new ProblemError('internal'))
    await expect(rig.backUp(engine)).rejects.toMatchObject({ code: 'internal' })
    expect(rig.receiver.states()).toEqual(['committed', 'abandoned'])
    expect(engine.stored).toMatchObject([{ snapshot: rig.receiver.manifests[0]!.snapshot, units: { length: 20 } }])
    await expectWhole(engine)
  })

  test('reads what has another content by now', async () => {
    await dieAt(rig, 'artefact-begun:10', 'standalone')
    const engine = standalone()
    engine.changed = new Set(['db00', 'db03'])
    await rig.backUp(engine)
    expect(engine.reads).toEqual(expect.arrayContaining(['db00', 'db03']))
    expect(engine.reads.length).toBeLessThan(16)
    await expectWhole(engine)
  })

  interface Journalled {
    type: string
    pack?: number
    number?: number
    tail?: { pack: number; number: number; size: number }
  }

  async function journalled(): Promise<Journalled[]> {
    const lines = (await journals()).trim().split('\n')
    return lines.map(line => JSON.parse(line))
  }

  async function journal(records: Journalled[]): Promise<void> {
    const { name } = (await rig.staged()).find(({ name }) => name.endsWith('journal'))!
    await writeFile(name, records.map(record => `${JSON.stringify(record)}\n`).join(''))
  }

  /** What a power cut leaves of a part that only its beginning was flushed of, or nothing. */
  async function lose(records: Journalled[], pack?: number, number?: number): Promise<void> {
    const file = (await partFiles()).find(name => name.endsWith(`/${pack}-${number}.part`))!
    const begin = records.findLast(({ tail }) => tail?.pack === pack && tail?.number === number)?.tail
    await (begin ? truncate(file, begin.size) : rm(file))
  }

  async function expectKept(records: Journalled[]): Promise<void> {
    const whole = records.filter(({ type }) => type === 'artefact').length
    expect(whole).toBeGreaterThan(0)
    const engine = standalone()
    await rig.backUp(engine)
    expect(engine.reads).toHaveLength(20 - whole)
    expect(rig.receiver.states()).toEqual(['committed'])
    await expectWhole(engine)
  }

  test('loses nothing that is kept with the parts that the disk did not have yet when the power was cut', async () => {
    holdPuts()
    await dieAt(rig, 'part-journalled:6', 'standalone')
    countPuts()
    const records = await journalled()
    const kept = records.findLastIndex(({ type }) => type === 'artefact')
    const unsynced = records.slice(kept + 1).filter(({ type }) => type === 'staged')
    expect(unsynced.length).toBeGreaterThan(0)
    for (const { pack, number } of unsynced) await lose(records, pack, number)
    await expectKept(records)
  })

  test('nor with a part that one worker finished while the artefact of another was flushed', async () => {
    holdPuts()
    await dieAt(rig, 'part-journalled:4', 'standalone')
    countPuts()
    const records = await journalled()
    const part = records.findLast(({ type }) => type === 'staged')!
    const isOfOther = ({ pack, tail }: Journalled) => (pack ?? tail?.pack ?? part.pack) !== part.pack
    const last = records.findLastIndex(record => record.tail && isOfOther(record))
    expect(last).toBeGreaterThan(0)
    // The workers do not wait for each other: what the other one noted last may as well have come behind this part.
    const late = records.slice(last).filter(isOfOther)
    const reordered = [...records.filter(record => !late.includes(record)), ...late]
    await journal(reordered)
    await lose(reordered, part.pack, part.number)
    await expectKept(reordered)
  })

  test('goes on with a pack that the receiver has completed and of which the journal does not say that it was sent', async () => {
    rig.receiver.partsPerPack = 2
    await dieAt(rig, 'pack-completed', 'standalone')
    const all = await journalled()
    const [open] = rig.receiver.snapshots.values()
    const [pack] = [...open!.packs].find(([, { complete }]) => complete)!
    const staged = all.findLastIndex(record => record.type === 'staged' && record.pack === pack)
    // Killed a moment earlier, before these were written.
    const unwritten = (record: Journalled, at: number) =>
      (record.type === 'acknowledged' && record.pack === pack) ||
      (at > staged && ['artefact', 'all-staged'].includes(record.type))
    const records = all.filter((record, at) => !unwritten(record, at))
    await journal(records)
    await expectKept(records)
  })

  test.each([
    ['that was cut', (file: string) => truncate(file, 100)],
    ['that is gone', (file: string) => rm(file)],
  ])('begins anew over a file %s', async (_name, harm) => {
    holdPuts()
    await dieAt(rig, 'artefact-begun:5', 'standalone')
    countPuts()
    for (const file of await partFiles()) await harm(file)
    const engine = standalone()
    const result = await rig.backUp(engine)
    expect(engine.reads).toHaveLength(20)
    expect(result.warnings[0]?.message).toMatch(/removed or changed/)
    expect(rig.receiver.states()).toEqual(['abandoned', 'committed'])
    await expectWhole(engine)
  })

  test('begins anew where its snapshot was given up', async () => {
    await dieAt(rig, 'artefact-begun:10', 'standalone')
    const [open] = rig.receiver.snapshots.values()
    open!.state = 'abandoned'
    const engine = standalone()
    await rig.backUp(engine)
    expect(engine.reads).toHaveLength(20)
    await expectWhole(engine)
  })

  test("begins anew where the host's key was changed, which opens no name in the journal", async () => {
    await dieAt(rig, 'artefact-begun:10', 'standalone')
    rig.agent.key = await newSigningKey()
    const engine = standalone()
    await expect(rig.backUp(engine)).rejects.toMatchObject({ code: 'backup-failed' }) // this receiver knows the old key only
    expect(engine.reads).toHaveLength(20)
    expect(rig.receiver.states()).toEqual(['abandoned', 'open'])
  })

  test('is discarded where a run of another kind comes', async () => {
    await dieAt(rig, 'artefact-begun:10', 'standalone')
    const engine = standalone()
    const result = await rig.backUp(engine, { mode: 'differential' })
    expect(engine.reads).toHaveLength(20)
    expect(rig.receiver.states()).toEqual(['abandoned', 'committed'])
    expect(result.warnings[0]?.message).toMatch(/was discarded$/)
    await expectWhole(engine)
  })

  test('keeps what it has staged while the application is away', async () => {
    await dieAt(rig, 'artefact-begun:10', 'standalone')
    const away = standalone()
    away.inspect = () => Promise.reject(new ProblemError('internal'))
    await expect(rig.backUp(away)).rejects.toMatchObject({ code: 'internal' })
    const engine = standalone()
    await rig.backUp(engine)
    expect(engine.reads.length).toBeLessThan(13)
    await expectWhole(engine)
  })
})

test('the receiver is told of a run that fails at what an earlier one has left', async () => {
  const failing = next()
  failing.begin = async (_settings, _plan, { undo }) => {
    await writeFile(undo, 'backup mode')
    throw new ProblemError('internal')
  }
  await expect(rig.backUp(failing)).rejects.toMatchObject({ code: 'internal' })
  const stuck = Object.assign(next(), {
    recover: () => Promise.reject(new Failure('backup-mode-stuck', 'The database cannot be taken out of backup mode')),
  })
  await expect(rig.backUp(stuck)).rejects.toMatchObject({ code: 'backup-mode-stuck' })
  expect(rig.receiver.runs.at(-1)).toMatchObject({
    outcome: 'failed',
    code: 'backup-mode-stuck',
    message: 'The database cannot be taken out of backup mode',
  })
})

test('what an engine has noted to be undone outlives its run, whatever became of it, and is undone before anything else of the next one', async () => {
  const failing = next()
  failing.begin = async (_settings, _plan, { undo }) => {
    await writeFile(undo, 'backup mode')
    throw new ProblemError('internal')
  }
  await expect(rig.backUp(failing)).rejects.toMatchObject({ code: 'internal' })
  const order: string[] = []
  const engine = Object.assign(next(), {
    async recover(_settings: object, { undo }: LeftBehind) {
      order.push(`recover ${await readFile(undo, 'utf8')}`)
      await rm(undo)
      return { notes: ['backup mode was ended'] }
    },
    async inspect() {
      order.push('inspect')
      return {}
    },
  })
  const { warnings } = await rig.backUp(engine)
  expect(warnings).toMatchObject([{ code: 'earlier-run', message: 'backup mode was ended' }])
  await rig.backUp(engine)
  expect(order).toEqual(['recover backup mode', 'inspect', 'inspect'])
})
