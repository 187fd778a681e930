import { mkdir, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { Failure } from '../../shared/failure.ts'
import { lastGoodIn, loadLastGood } from '../../uploader/config/last-good.ts'
import { loadConfig } from '../../uploader/config/load.ts'
import { serveControl } from '../../uploader/control/serve.ts'
import { isKitProven, rememberKitProof } from '../../uploader/state/kit-proof.ts'
import { type Asked, gatherStatus } from '../../uploader/status/gather.ts'
import { renderStatus } from '../../uploader/status/render.ts'
import { stagingUse } from '../../uploader/status/staging-use.ts'
import { warningsOf } from '../../uploader/status/warnings.ts'
import { temporaryDirectory } from '../uploader/directory.ts'

const snapshot = '01JDB0000000000000000000AA.01JDB0000000000000000000AB'
const agent = { recipients: ['age1a'] }
const nobody: Asked = {
  sources: () => Promise.reject(new Failure('receiver-unreachable', 'The receiver cannot be reached')),
  timeline: () => expect.fail('not asked'),
}

test('a kit is proven once it has opened a snapshot, and no more once the host seals to somebody else too', async () => {
  await using state = await temporaryDirectory()
  expect(await isKitProven(state.path, agent)).toBe(false)
  await rememberKitProof(state.path, { recipients: ['age1a', 'age1b'] }, snapshot, new Date())
  expect(await isKitProven(state.path, agent)).toBe(true)
  expect(await isKitProven(state.path, { recipients: ['age1a', 'age1c'] })).toBe(false)
  await writeFile(state.in('kit-proof.json'), '{"snapsh')
  expect(await isKitProven(state.path, agent)).toBe(false)
})

test('what lies in staging is counted, at any depth; what is not there counts nothing', async () => {
  await using state = await temporaryDirectory()
  await mkdir(state.in('a', 'b'), { recursive: true })
  await writeFile(state.in('a', 'b', '1-1.part'), 'x'.repeat(1000))
  await writeFile(state.in('a', 'journal'), 'y'.repeat(10))
  expect(await stagingUse(state.path)).toBe(1010)
  expect(await stagingUse(state.in('none'))).toBe(0)
})

test('without a daemon and without the receiver, status says so and shows what this host remembers', async () => {
  await using state = await temporaryDirectory()
  const path = state.in('failsafe.yaml')
  const lines = [
    `state: { dir: ${state.path} }`,
    'sources:',
    '  shop: { engine: mysql, schedule: { full: "0 2 * * *" } }',
  ]
  await writeFile(path, lines.join('\n'), { mode: 0o600 })
  const last = {
    outcome: 'failed',
    mode: 'full',
    startedAt: '2027-01-05T02:00:00.000Z',
    finishedAt: '2027-01-05T02:03:00.000Z',
    message: 'failed: The disk is full',
  }
  const kinds = { full: { served: '2027-01-05T02:00:00.000Z', failures: 1 } }
  const memory = { format: 'failsafe.schedule/1', sources: { shop: { kinds, last } } }
  await writeFile(state.in('schedule.json'), JSON.stringify(memory))
  const config = await loadConfig(path, {}, 'linux')
  const status = await gatherStatus(config, agent as never, nobody)
  expect(status).toMatchObject({
    daemon: null,
    kitProven: null,
    receiver: { problem: 'The receiver cannot be reached' },
    sources: [{ source: 'shop', next: [], run: null, received: null, last }],
  })
  const warnings = warningsOf(status, { scheduled: true, problem: undefined })
  expect(warnings).toEqual([
    'Nothing starts by itself: failsafe run is not running on this host',
    'The receiver could not be asked: The receiver cannot be reached',
    'shop: the last full backup failed: The disk is full',
  ])
  const text = renderStatus(status, warnings).join('\n')
  expect(text).toMatch(/^failsafe run is not running on this host$/m)
  expect(text).toMatch(/^shop +full failed 2027-01-05 02:03 UTC +- +-$/m)
})

test('a file that is wrong now is no obstacle to looking: what is gone by is the copy of the last good one', async () => {
  await using state = await temporaryDirectory()
  const path = state.in('failsafe.yaml')
  const good = `state: { dir: ${state.path} }\nsources: { shop: { engine: mysql } }\n`
  await writeFile(path, `${good}wrong: 1\n`, { mode: 0o600 })
  await expect(loadLastGood(path, {}, 'linux')).rejects.toMatchObject({ code: 'config-invalid' })
  await mkdir(state.in('run'))
  await writeFile(lastGoodIn(state.path), good, { mode: 0o600 })
  const { config, problem } = await loadLastGood(path, {}, 'linux')
  expect([...config.sources.keys()]).toEqual(['shop'])
  expect(problem).toContain('line 3: wrong: this key is not known')
})

test('a daemon of another version is told as such', async () => {
  await using state = await temporaryDirectory()
  const path = state.in('failsafe.yaml')
  await writeFile(path, `state: { dir: ${state.path} }`, { mode: 0o600 })
  const control = await serveControl(state.path, 'daemon', async () => ({ pid: 1 }))
  const config = await loadConfig(path, {}, 'linux')
  await expect(gatherStatus(config, agent as never, nobody)).rejects.toMatchObject({
    code: 'control-silent',
    why: 'it is of another version',
  })
  await control.close()
})
