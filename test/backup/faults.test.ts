import { rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Fault } from '../../infra/local/s3/fault.ts'
import { Failure } from '../../shared/failure.ts'
import { ProblemError } from '../../shared/problem.ts'
import { PackWriter } from '../../uploader/staging/pack-writer.ts'
import { newPutPart, type PutPart } from '../../uploader/transfer/put-part.ts'
import { digest, text } from '../sealed/support.ts'
import { direct } from '../support/network.ts'
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

const size = 12 * MiB
const large = (names = ['a', 'b', 'c']) =>
  names.map((name, order) => ({ name, order, read: () => noiseOf(size, name) }))
const unreachable = () => new Failure('receiver-unreachable', 'The receiver does not answer', { retriable: true })
const quick = { sleep: (milliseconds: number, signal: AbortSignal) => pause(milliseconds / 100, signal) }

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted())
}

async function expectWhole(): Promise<void> {
  const { lines } = await readBack(rig, rig.receiver.manifests.at(-1)!, async (line, plain) => {
    expect(await digest(plain)).toBe(await digest(noiseOf(size, line.name)))
  })
  expect(lines).toHaveLength(3)
}

async function expectNothingLeft(engine: FakeEngine, outcome: string): Promise<void> {
  expect(engine.notes.at(-1)).toBe(`close ${outcome}`)
  expect(engine.notes.filter(note => note.startsWith('close'))).toHaveLength(1)
  expect(await rig.staged()).toEqual([])
  expect(rig.receiver.manifests).toEqual([])
  expect(rig.receiver.states()).toEqual(['abandoned'])
}

/** Meets the first `count` PUTs of parts with `fault`. */
function meet(count: number, fault: Fault): () => number {
  let met = 0
  vault.intercept = request => (request.method === 'PUT' && met++ < count ? fault : undefined)
  return () => met
}

describe('the upload goes on after', () => {
  test.each<[string, number, Fault]>([
    ['a storage that is busy', 6, { kind: 'error', status: 503, code: 'SlowDown' }],
    ['a storage that failed', 3, { kind: 'error', status: 500, code: 'InternalError' }],
    ['refused signatures', 5, { kind: 'error', status: 403, code: 'AccessDenied' }],
    ['connections that break', 4, { kind: 'reset' }],
  ])('%s', async (_name, count, fault) => {
    const met = meet(count, fault)
    const result = await rig.backUp(large(), quick)
    expect(met()).toBeGreaterThan(count)
    await expectWhole()
    expect(result.bytes.sent - result.bytes.resent).toBeGreaterThanOrEqual(result.bytes.sealed)
    expect(await rig.staged()).toEqual([])
  })

  test('lost answers: it asks what arrived and sends nothing twice', async () => {
    meet(3, { kind: 'lose-answer' })
    const result = await rig.backUp(large(), quick)
    expect(rig.receiver.calls.filter(call => call === 'packParts')).toHaveLength(3)
    expect(result.bytes.resent).toBe(0)
    await expectWhole()
  })

  test('a storage that takes the bytes and says nothing', async () => {
    meet(2, { kind: 'stall' })
    const connections = direct.connections(4)
    const put = newPutPart(connections, { timeout: 300 })
    const result = await rig.backUp(large(), { ...quick, put })
    expect(result.bytes.resent).toBeGreaterThan(0)
    await expectWhole()
    connections.close()
  })

  test('URLs that expired while they waited', async () => {
    rig.receiver.urlSeconds = 1
    const connections = direct.connections(4)
    const put = newPutPart(connections)
    let first = true
    const late: PutPart = async (part, target, signal, onBytes) => {
      if (first) {
        first = false
        await sleep(2100)
      }
      return put(part, target, signal, onBytes)
    }
    await rig.backUp(large(), { ...quick, put: late, upload: { concurrency: 1 } })
    await expectWhole()
    connections.close()
  })

  test('a receiver that is throttling', async () => {
    let refusals = 5
    rig.receiver.before = call => {
      if ((call === 'parts' || call === 'complete') && refusals-- > 0) throw new ProblemError('throttled')
    }
    await rig.backUp(large(), quick)
    await expectWhole()
  })
})

describe('a run that fails leaves nothing behind', () => {
  test('when the application fails in the middle of an artefact', async () => {
    const broken = async function* () {
      yield* noiseOf(size)
      throw new Failure('table-gone', 'The table is gone', { fix: 'Look for it' })
    }
    const engine = new FakeEngine([...large(), { name: 'broken', order: 9, read: broken }, ...large(['d', 'e'])])
    await expect(rig.backUp(engine)).rejects.toMatchObject({ code: 'table-gone', fix: 'Look for it' })
    await expectNothingLeft(engine, 'failed')
    expect(engine.notes).toContain('artefacts ended')
    expect(rig.receiver.runs).toMatchObject([{ outcome: 'failed', code: 'table-gone', requested: 'full' }])
  })

  test('when the disk fails while it is let go of', async () => {
    const { discard } = PackWriter.prototype
    const failing = vi.spyOn(PackWriter.prototype, 'discard').mockImplementation(async function (this: PackWriter) {
      await discard.call(this)
      throw new Error('EIO: i/o error, close')
    })
    const broken = async function* () {
      yield* noiseOf(MiB)
      throw new Failure('table-gone', 'The table is gone')
    }
    const engine = new FakeEngine([{ name: 'broken', order: 0, read: broken }])
    try {
      await expect(rig.backUp(engine)).rejects.toMatchObject({ code: 'table-gone' })
    } finally {
      failing.mockRestore()
    }
    await expectNothingLeft(engine, 'failed')
  })

  test('when the disk is full while the next artefact waits for the end of this one: what is told is the disk', async () => {
    const full = new Failure('staging-full', 'The staging directory is full')
    const write = vi.spyOn(PackWriter.prototype, 'write').mockRejectedValue(full)
    const { promise: copied, reject } = Promise.withResolvers<void>()
    const engine = new FakeEngine([])
    const { begin } = engine
    engine.begin = async (...parameters) => {
      const session = await begin.apply(engine, parameters)
      return {
        ...session,
        async *artefacts() {
          const read = async function* () {
            try {
              yield* noiseOf(size)
            } finally {
              reject(new Error('nobody reads any more'))
            }
          }
          yield { name: 'copy', role: 'data', unit: 'server', order: 0, read }
          await copied
        },
      }
    }
    try {
      await expect(rig.backUp(engine, { readers: 2 })).rejects.toMatchObject({ code: 'staging-full' })
    } finally {
      write.mockRestore()
    }
    await expectNothingLeft(engine, 'failed')
  })

  test('when it fails with something that is no Failure', async () => {
    const engine = new FakeEngine(large())
    engine.begin = async () => {
      throw new TypeError('boom')
    }
    await expect(rig.backUp(engine)).rejects.toMatchObject({ code: 'backup-failed', why: 'boom' })
    expect(rig.receiver.states()).toEqual(['abandoned'])
    expect(await rig.staged()).toEqual([])
  })

  test('when it is interrupted while the application is slow', async () => {
    const stop = new AbortController()
    const engine = new FakeEngine([
      {
        name: 'slow',
        order: 0,
        async *read() {
          yield* noiseOf(size)
          stop.abort()
          await pause(60_000, engine.context!.signal)
        },
      },
    ])
    await expect(rig.backUp(engine, { signal: stop.signal })).rejects.toMatchObject({ code: 'cancelled' })
    await expectNothingLeft(engine, 'cancelled')
    expect(rig.receiver.runs).toMatchObject([{ outcome: 'cancelled' }])
  })

  test('when nothing could be uploaded for as long as it is patient', async () => {
    meet(1_000_000, { kind: 'error', status: 503, code: 'SlowDown' })
    const engine = new FakeEngine(large())
    await expect(rig.backUp(engine, { ...quick, patience: 1500 })).rejects.toMatchObject({
      code: 'upload-failed',
      retriable: true,
      why: expect.stringContaining('SlowDown'),
    })
    await expectNothingLeft(engine, 'failed')
  })

  test('when a mistake of ours stands in the way of the upload: no try is repeated', async () => {
    let tries = 0
    const wrong: PutPart = async () => {
      tries += 1
      throw new TypeError('not a function')
    }
    const engine = new FakeEngine(large())
    const upload = { concurrency: 1 }
    await expect(rig.backUp(engine, { put: wrong, upload })).rejects.toMatchObject({ why: 'not a function' })
    expect(tries).toBe(1)
    await expectNothingLeft(engine, 'failed')
  })

  test('when its lease is lost', async () => {
    rig.receiver.before = call => {
      if (call === 'renew') throw new ProblemError('lease-stale')
    }
    const engine = new FakeEngine([
      ...large(),
      {
        name: 'slow',
        order: 9,
        async *read() {
          yield Buffer.from('x')
          await pause(60_000, engine.context!.signal)
        },
      },
    ])
    await expect(rig.backUp(engine, quick)).rejects.toMatchObject({ code: 'lease-stale' })
    await expectNothingLeft(engine, 'failed')
  })

  test('when the quota is used up', async () => {
    rig.receiver.before = call => {
      if (call === 'parts') throw new ProblemError('quota-exceeded')
    }
    const engine = new FakeEngine(large())
    await expect(rig.backUp(engine)).rejects.toMatchObject({ code: 'quota-exceeded' })
    await expectNothingLeft(engine, 'failed')
  })

  test('when staging is removed under it', async () => {
    const engine = new FakeEngine([
      {
        name: 'a',
        order: 0,
        async *read() {
          yield* noiseOf(size)
          await rm(rig.dir, { recursive: true, force: true })
          yield* noiseOf(20 * MiB)
        },
      },
    ])
    await expect(rig.backUp(engine)).rejects.toMatchObject({ code: 'staging-vanished', fix: expect.any(String) })
    expect(rig.receiver.states()).toEqual(['abandoned'])
    expect(engine.notes.at(-1)).toBe('close failed')
  })

  test('when staging cannot be written', async () => {
    await writeFile(join(rig.dir, 'file'), '')
    const engine = new FakeEngine(large())
    await expect(
      rig.backUp(engine, { staging: { dir: join(rig.dir, 'file'), maxBytes: 40 * MiB } }),
    ).rejects.toMatchObject({ code: 'staging-unwritable' })
    expect(engine.notes).toEqual([])
    expect(rig.receiver.calls).not.toContain('open')
  })

  test('when the receiver refuses to commit it', async () => {
    rig.receiver.before = call => {
      if (call === 'commit') throw new ProblemError('manifest-invalid')
    }
    const engine = new FakeEngine(large())
    await expect(rig.backUp(engine)).rejects.toMatchObject({ code: 'manifest-invalid' })
    await expectNothingLeft(engine, 'failed')
  })

  test('when the source holds nothing', async () => {
    const engine = new FakeEngine([])
    await expect(rig.backUp(engine)).rejects.toMatchObject({ code: 'nothing-to-back-up' })
    await expectNothingLeft(engine, 'failed')
  })
})

describe('the next run', () => {
  test('aborts what an earlier one could not, because the receiver was away', async () => {
    rig.receiver.before = call => {
      if (call === 'abort' || call === 'parts') throw unreachable()
    }
    await expect(rig.backUp(large(), { ...quick, patience: 500 })).rejects.toMatchObject({ code: 'upload-failed' })
    expect(rig.receiver.states()).toEqual(['open'])
    expect((await rig.staged()).map(({ name }) => name.split('/').at(-1))).toEqual(['journal'])

    rig.receiver.before = () => {}
    const result = await rig.backUp(large())
    expect(rig.receiver.states()).toEqual(['abandoned', 'committed'])
    expect(result.warnings).toMatchObject([{ code: 'earlier-run' }])
    expect(rig.receiver.runs.at(-1)).toMatchObject({ outcome: 'succeeded-with-warnings', snapshot: result.snapshot })
    expect(await rig.staged()).toEqual([])
  })

  test.each(['commit', 'committed'])('finishes one that lost the receiver at %s', async moment => {
    rig.receiver.before = call => {
      if (call === moment) throw unreachable()
    }
    const engine = new FakeEngine(large())
    await expect(rig.backUp(engine)).rejects.toMatchObject({ code: 'receiver-unreachable' })
    expect(rig.receiver.calls).not.toContain('abort')
    expect(engine.notes.at(-1)).toBe('close failed')

    rig.receiver.before = () => {}
    const result = await rig.backUp(large())
    expect(rig.receiver.manifests).toHaveLength(2)
    expect(result.warnings[0]?.message).toMatch(/is complete/)
    await expectWhole()
  })

  test('discards one whose commit was lost and is refused when it is asked for again', async () => {
    rig.receiver.before = call => {
      if (call === 'commit') throw unreachable()
    }
    await expect(rig.backUp(large())).rejects.toMatchObject({ code: 'receiver-unreachable' })
    let first = true
    rig.receiver.before = call => {
      if (call === 'commit' && first) {
        first = false
        throw new ProblemError('manifest-invalid')
      }
    }
    const result = await rig.backUp(large())
    expect(result.warnings[0]?.message).toMatch(/was discarded/)
    expect(rig.receiver.states()).toEqual(['abandoned', 'committed'])
    expect(await rig.staged()).toEqual([])
  })

  test('stops where the agent itself is refused, and leaves the remains for later', async () => {
    rig.receiver.before = call => {
      if (call === 'abort') throw unreachable()
      if (call === 'complete') throw new ProblemError('internal')
    }
    await expect(rig.backUp(large(), { ...quick, patience: 300 })).rejects.toMatchObject({ code: 'upload-failed' })
    rig.receiver.before = call => {
      if (call === 'open') throw new ProblemError('agent-revoked')
    }
    await expect(rig.backUp(large())).rejects.toMatchObject({ code: 'agent-revoked' })
    expect(await rig.staged()).toHaveLength(1)
  })

  test('leaves no journal of a run that was refused', async () => {
    rig.receiver.before = call => {
      if (call === 'open') throw new ProblemError('lane-held')
    }
    await expect(rig.backUp(large())).rejects.toMatchObject({ code: 'lane-held' })
    expect(await rig.staged()).toEqual([])
  })
})

test('what the application says after the commit becomes a warning and fails nothing', async () => {
  const engine = new FakeEngine([content('a', text(1000))])
  engine.committed = async () => {
    throw new Error('the server went away')
  }
  const result = await rig.backUp(engine)
  expect(result.warnings).toMatchObject([{ code: 'afterwards-failed' }])
  expect(engine.notes.at(-1)).toBe('close succeeded')
})

test('what the application could not be told after the commit is told by the run that reaches it, once, and the provider hears of it', async () => {
  const engine = new FakeEngine([content('a', text(1000))])
  const told: string[] = []
  let away = true
  engine.committed = async (_settings, { snapshot, units }) => {
    if (away) throw new Error('the server went away')
    told.push(`${snapshot} of ${units.length}`)
    return { notes: [] }
  }
  const snapshots = [(await rig.backUp(engine)).snapshot]
  expect((await rig.staged()).map(({ name }) => basename(name))).toEqual(['journal'])
  const second = await rig.backUp(engine)
  snapshots.push(second.snapshot)
  expect(second.warnings).toMatchObject([
    { code: 'afterwards-failed', message: expect.stringContaining(snapshots[0]!) },
    { code: 'afterwards-failed' },
  ])
  away = false
  const third = await rig.backUp(engine)
  snapshots.push(third.snapshot)
  expect(told).toEqual(snapshots.map(snapshot => `${snapshot} of 1`))
  expect(third.warnings).toMatchObject([
    { code: 'earlier-run', message: expect.stringContaining('its source is told now') },
    { code: 'earlier-run', message: expect.stringContaining('its source is told now') },
  ])
  expect(await rig.staged()).toEqual([])
  await rig.backUp(engine)
  expect(told).toHaveLength(4)
  const last = rig.receiver.runs.findLast(({ snapshot }) => snapshot === snapshots[0])
  expect(last).toMatchObject({ outcome: 'succeeded-with-warnings' })
})
