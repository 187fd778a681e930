import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { ProblemError } from '../../shared/problem.ts'
import type { BackupContext, LeftBehind, Plan, Session, Told } from '../../uploader/engines/engine.ts'
import { newPutPart } from '../../uploader/transfer/put-part.ts'
import { text } from '../sealed/support.ts'
import { direct } from '../support/network.ts'
import { FakeEngine } from './engine.ts'
import { content, newRig, type Rig } from './support.ts'
import { startVault, type Vault } from './vault.ts'

let vault: Vault
let rig: Rig
beforeAll(async () => {
  vault = await startVault()
})
afterAll(() => vault.close())
beforeEach(async () => {
  rig = await newRig(vault)
})
afterEach(async () => {
  await rig.close()
})

/** An application that lets its logs go once all is staged, whatever becomes of the upload. */
class ForgetfulEngine extends FakeEngine {
  readonly scratches: (readonly string[])[] = []
  forgets = true
  closeFails = false
  notesAfterCommit: string[] = []
  late: Told['warnings'] = []

  override async begin(settings: object, plan: Plan, context: BackupContext): Promise<Session> {
    const session = await super.begin(settings, plan, context)
    const { notes } = this
    const engine = this
    let advanced = false
    mkdirSync(context.scratch, { recursive: true })
    writeFileSync(join(context.scratch, 'taken'), 'on the server')
    return {
      artefacts: () => session.artefacts(),
      units: () => session.units(),
      staged() {
        notes.push('staged')
        advanced = engine.forgets
      },
      get advanced() {
        return advanced
      },
      async committed() {
        notes.push(`told, scratch ${existsSync(context.scratch) ? 'there' : 'gone'}`)
        return { notes: engine.notesAfterCommit }
      },
      async close(outcome) {
        notes.push(`close ${outcome}, scratch ${existsSync(context.scratch) ? 'there' : 'gone'}`)
        if (engine.closeFails) throw new Error('the server does not answer')
      },
    }
  }

  async recover(_settings: object, { scratches }: LeftBehind) {
    this.scratches.push(scratches.filter(scratch => existsSync(scratch)))
    return { notes: [] }
  }

  async committedLate() {
    this.notes.push('late')
    return { warnings: this.late }
  }
}

const sleep = (milliseconds: number, signal: AbortSignal) => pause(milliseconds / 100, undefined, { signal })

const engineOf = (name: string) => new ForgetfulEngine([content(name, text(300_000))])

test('the source is told of the commit while it is still held, and what it says ends up on the run', async () => {
  const engine = engineOf('a')
  engine.notesAfterCommit = ['it was not noted']
  const { warnings, snapshot } = await rig.backUp(engine)
  expect(engine.notes).toEqual([
    'begin',
    'artefacts ended',
    'staged',
    'told, scratch there',
    `committed ${snapshot}`,
    'close succeeded, scratch there',
  ])
  expect(warnings).toEqual([{ code: 'note', message: 'it was not noted' }])
})

test.each([
  ['the provider refuses the agent', 'agent-revoked'],
  ['the quota is used up', 'quota-exceeded'],
  ['the provider has a fault', 'internal'],
] as const)(
  'a source that has let go: the upload fails because %s, what was staged is kept, and sent by the next run',
  async (_what, code) => {
    rig.receiver.before = call => {
      if (call === 'parts') throw new ProblemError(code)
    }
    await expect(rig.backUp(engineOf('a'), { patience: 4000, sleep })).rejects.toMatchObject({
      code: 'failed-source-advanced',
      retriable: true,
      fix: expect.stringContaining('all that it needs is staged'),
    })
    expect(rig.receiver.runs.at(-1)).toMatchObject({ outcome: 'failed-source-advanced' })
    expect((await rig.staged()).some(({ name }) => name.endsWith('journal'))).toBe(true)
    rig.receiver.before = () => {}
    const { warnings } = await rig.backUp(engineOf('b'))
    expect(warnings).toMatchObject([{ code: 'earlier-run', message: expect.stringContaining('is complete') }])
    expect(rig.receiver.states()).toEqual(['committed', 'committed'])
    expect(await rig.staged()).toEqual([])
  },
)

test('a source whose run was over before the commit: what it can not be told any more is a warning of both runs', async () => {
  rig.receiver.before = call => {
    if (call === 'parts') throw new ProblemError('internal')
  }
  const failed = engineOf('a')
  failed.forgets = false
  await expect(rig.backUp(failed, { patience: 300, sleep })).rejects.toMatchObject({ retriable: true })
  rig.receiver.before = () => {}
  const next = engineOf('b')
  next.late = [{ code: 'not-told', message: 'its logs stay' }]
  const { warnings, snapshot } = await rig.backUp(next)
  expect(warnings).toMatchObject([{ code: 'not-told', message: 'its logs stay' }, { code: 'earlier-run' }])
  const [first] = rig.receiver.snapshots.keys()
  expect(next.notes.slice(0, 2)).toEqual([`committed ${first}`, 'late'])
  expect(next.notes).toContain(`committed ${snapshot}`)
  expect(next.notes.filter(note => note === 'late')).toHaveLength(1)
  const outcomes = rig.receiver.runs.filter(({ snapshot }) => snapshot === first)
  expect(outcomes.at(-1)!.warnings).toContain('its logs stay')
})

test('a source that has let go: a part file that cannot be removed costs nothing of what was staged', async () => {
  const connections = direct.connections(1)
  const put = newPutPart(connections)
  let blocked = ''
  await expect(
    rig.backUp(engineOf('a'), {
      async put(part, ...rest) {
        await put(part, ...rest)
        blocked = part.path
        rmSync(part.path)
        mkdirSync(part.path)
      },
    }),
  ).rejects.toMatchObject({
    code: 'failed-source-advanced',
    why: expect.stringContaining('staging directory'),
    fix: expect.stringContaining('all that it needs is staged'),
  })
  connections.close()
  rmSync(blocked, { recursive: true })
  await rig.backUp(engineOf('b'))
  expect(rig.receiver.states()).toEqual(['committed', 'committed'])
  expect(await rig.staged()).toEqual([])
})

test('a source that still holds everything: the same failure is no more than that', async () => {
  rig.receiver.before = call => {
    if (call === 'parts') throw new ProblemError('quota-exceeded')
  }
  const engine = engineOf('a')
  engine.forgets = false
  await expect(rig.backUp(engine)).rejects.toMatchObject({ code: 'quota-exceeded' })
  expect(rig.receiver.runs.at(-1)).toMatchObject({ outcome: 'failed' })
  expect(await rig.staged()).toEqual([])
})

test('a source that cannot be released keeps what says what was taken, until the next run has undone it', async () => {
  const engine = engineOf('a')
  engine.closeFails = true
  const { warnings } = await rig.backUp(engine)
  expect(warnings).toMatchObject([{ code: 'close-failed', message: expect.stringContaining('does not answer') }])
  engine.closeFails = false
  await rig.backUp(engine)
  expect(engine.scratches).toEqual([[expect.stringMatching(/scratch$/)]])
  await rig.backUp(engine)
  expect(engine.scratches).toHaveLength(1)
  expect(await rig.staged()).toEqual([])
})
