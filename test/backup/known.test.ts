import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newUlid } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { BackupResult } from '../../uploader/backup/backup.ts'
import { KnownSourceFile } from '../../uploader/state/known-source.ts'
import { noise, text } from '../sealed/support.ts'
import { FakeEngine } from './engine.ts'
import { content, MiB, newRig, type Rig } from './support.ts'
import { startVault, type Vault } from './vault.ts'

let vault: Vault
let rig: Rig
let now: number
beforeAll(async () => {
  vault = await startVault()
})
afterAll(() => vault.close())
beforeEach(async () => {
  vault.intercept = () => undefined
  rig = await newRig(vault)
  now = Date.now()
})
afterEach(() => rig.close())

const state = () => join(rig.dir, 'state')
const known = ({ agent = rig.agent.agent, request = {} as object } = {}) =>
  new KnownSourceFile(state(), agent, 'shop', request)

/** A run, after which its snapshot is the head. */
async function backUp(file = known(), isHead = true): Promise<BackupResult> {
  rig.receiver.calls.length = 0
  const engine = new FakeEngine([content('a', text(2000))])
  const result = await rig.backUp(engine, { known: file, now: () => new Date(now) })
  const { snapshot, units } = result
  if (isHead)
    rig.receiver.head = { snapshot, lane: 'data', kind: 'full', receivedAt: new Date(now).toISOString(), units }
  return result
}

const asked = ['registerSource', 'heads', 'open', 'parts', 'commit', 'committed']
const unasked = asked.slice(2)

describe('what a run leaves at the receiver is known to the next one', () => {
  test('which takes three calls, where the first one took five', async () => {
    await backUp()
    expect(rig.receiver.calls).toEqual(asked)
    for (let again = 0; again < 3; again++) {
      await backUp()
      expect(rig.receiver.calls).toEqual(unasked)
    }
  })

  test('and so are the positions that a log goes on from', async () => {
    const { snapshot, units } = await backUp()
    await known()
      .read(new Date(now))
      .then(file => expect(file?.heads.data).toMatchObject({ snapshot, units }))
  })

  test('but not where the one before was interrupted', async () => {
    await backUp()
    const staged = new FakeEngine([content('a', text(2000))])
    rig.receiver.before = call => {
      if (call === 'parts' || call === 'abort') throw new ProblemError('internal')
    }
    const sleep = (milliseconds: number, signal: AbortSignal) => pause(milliseconds / 100, undefined, { signal })
    await expect(rig.backUp(staged, { known: known(), sleep, patience: 4000 })).rejects.toThrow()
    rig.receiver.before = () => {}
    const result = await backUp()
    expect(result.warnings).toMatchObject([{ code: 'earlier-run' }])
    expect(rig.receiver.calls).toContain('heads')
    expect(rig.receiver.states().at(-1)).toBe('committed')
  })
})

describe('the receiver is asked, and the run goes on,', () => {
  test.each(['data', 'log'] as const)('where another snapshot came to lane %s', async lane => {
    await backUp()
    const { source } = (await known().read(new Date(now)))!
    const head = { ...rig.receiver.head!, snapshot: `${source}.${newUlid()}` as const, lane }
    if (lane === 'data') rig.receiver.head = head
    else rig.receiver.logHead = { ...head, kind: 'log' }
    const result = await backUp()
    expect(rig.receiver.calls).toEqual(['open', 'abort', 'recordRun', ...asked])
    expect(rig.receiver.runs.at(-1)).toMatchObject({ outcome: 'cancelled', code: 'known-outdated' })
    expect(result.warnings).toEqual([])
    expect(rig.receiver.states()).toEqual(['committed', 'abandoned', 'committed'])
  })

  test('where it does not know the source any more', async () => {
    await backUp()
    let isForgotten = true
    rig.receiver.before = call => {
      if (call === 'open' && isForgotten) throw new ProblemError('not-found')
      if (call === 'registerSource') isForgotten = false
    }
    await backUp()
    expect(rig.receiver.calls).toEqual(['open', 'recordRun', ...asked])
  })

  test('where it was registered a day ago, or with another schedule, or by another agent', async () => {
    const registered = now
    await backUp()
    now = registered + 86_400_000 - 1
    await backUp()
    expect(rig.receiver.calls).toEqual(unasked)
    now = registered + 86_400_000
    await backUp()
    expect(rig.receiver.calls).toEqual(asked)
    await backUp(known({ request: { schedule: { full: '0 2 * * *' } } }))
    expect(rig.receiver.calls).toEqual(asked)
    await backUp(known({ request: { schedule: { full: '0 2 * * *' } }, agent: `acme.${newUlid()}` }))
    expect(rig.receiver.calls).toEqual(asked)
    now = registered - 1
    await backUp(known({ request: { schedule: { full: '0 2 * * *' } }, agent: `acme.${newUlid()}` }))
    expect(rig.receiver.calls).toEqual(asked)
  })

  test('where the file is damaged, and where it cannot be written the run says so', async () => {
    await backUp()
    const [name] = await readdir(join(state(), 'sources'))
    const path = join(state(), 'sources', name!)
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ format: 'failsafe.source/1' })
    await writeFile(path, '{"format":"failsafe.source/1"')
    await backUp()
    expect(rig.receiver.calls).toEqual(asked)
    await writeFile(join(rig.dir, 'no directory'), '')
    const { warnings } = await backUp(new KnownSourceFile(join(rig.dir, 'no directory'), rig.agent.agent, 'shop', {}))
    expect(warnings).toMatchObject([{ code: 'heads-unwritten' }])
  })
})

test('a pack of several parts is completed by a call of its own, one of a single part by the commit', async () => {
  rig.receiver.partsPerPack = 2
  await rig.backUp([content('a', noise(22 * MiB))], { readers: 1 })
  const { packs } = rig.receiver.manifests[0]!
  const several = packs.filter(({ parts }) => parts > 1)
  expect(several.length).toBeGreaterThan(0)
  expect(packs.some(({ parts }) => parts === 1)).toBe(true)
  expect(rig.receiver.calls.filter(call => call === 'complete')).toHaveLength(several.length)
})
