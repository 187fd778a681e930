import { expect, test } from 'vitest'
import { judge } from '../../uploader/daemon/judge.ts'
import { type RunReport, startRun } from '../../uploader/daemon/run-child.ts'

const sh = (script: string) => ['/bin/sh', '-c', script]
const summary = '{"type":"summary","kind":"full","snapshot":"S.N","seconds":2,"bytes":{"sent":2048},"units":[]}'
const error = (code: string, retriable = false) =>
  `{"type":"error","code":"${code}","message":"It failed","why":"so","fix":"Mend it","retriable":${retriable},"exit":1}`

async function endOf(script: string, stopping = false) {
  const warnings: string[] = []
  const report = await startRun(sh(script), message => warnings.push(message)).ended
  return { ...judge(report, 'log', stopping), warnings, report }
}

test.each([
  ['its summary', `echo '${summary}'`, 'done', 'succeeded', 'succeeded in 2.0 s, as a full one: 2.0 KiB sent'],
  ['its summary, with warnings', `echo '${summary}'; exit 3`, 'done', 'succeeded-with-warnings', 'succeeded in'],
  ['an error for good', `echo '${error('x')}'; exit 1`, 'failed', 'failed', 'failed: It failed: so. Mend it'],
  [
    'a source that has advanced',
    `echo '${error('failed-source-advanced')}'; exit 4`,
    'failed',
    'failed-source-advanced',
    'failed',
  ],
  [
    'a source that is held',
    `echo '${error('source-held', true)}'; exit 6`,
    'held',
    'skipped',
    'has to wait: It failed',
  ],
  ['a cancellation', `echo '${error('cancelled', true)}'; exit 130`, 'cancelled', 'cancelled', 'was cancelled'],
  ['a kill', 'kill -9 $$', 'failed', 'failed', 'failed: its process was killed (SIGKILL)'],
  [
    'a crash',
    'echo "fatal: heap" >&2; exit 134',
    'failed',
    'failed',
    'failed: its process ended with 134; it said: fatal: heap',
  ],
  ['half a line', `printf '{"type":"summ'; exit 0`, 'failed', 'failed', 'failed: its process ended with 0'],
  [
    'a summary that it went back on',
    `echo '${summary}'; exit 1`,
    'failed',
    'failed',
    'failed: its process ended with 1',
  ],
] as const)('a run that ends with %s is told as what it is', async (_what, script, ended, outcome, text) => {
  const end = await endOf(script)
  expect(end.ending.ended).toBe(ended)
  expect(end.outcome).toBe(outcome)
  expect(end.text).toContain(text)
})

test('whether a failure is tried again is what the run says; a death without a word always is', async () => {
  expect((await endOf(`echo '${error('x', true)}'; exit 1`)).ending).toEqual({ ended: 'failed', retriable: true })
  expect((await endOf(`echo '${error('x', false)}'; exit 1`)).ending).toEqual({ ended: 'failed', retriable: false })
  expect((await endOf('exit 1')).ending).toEqual({ ended: 'failed', retriable: true })
})

test('what this process has stopped itself is no failure, however it died', async () => {
  expect((await endOf(`echo '${error('cancelled', true)}'; exit 130`, true)).ending.ended).toBe('stopped')
  expect((await endOf('kill -9 $$', true)).ending.ended).toBe('stopped')
})

test('a cancelled log that would have become a full is cancelled as that', async () => {
  const ending = async (before: string) =>
    (await endOf(`${before}; echo '${error('cancelled', true)}'; exit 130`)).ending
  expect(await ending('true')).toEqual({ ended: 'cancelled', made: 'log' })
  expect(await ending(`echo '{"type":"plan","kind":"full","steps":[]}'`)).toEqual({ ended: 'cancelled', made: 'full' })
})

test('warnings are heard while it runs, other lines are not taken for anything', async () => {
  const lines = [
    '{"type":"plan","steps":[]}',
    'no JSON',
    '{"type":"warning","code":"c","message":"oh"}',
    '{"type":"new"}',
    summary,
  ]
  const end = await endOf(lines.map(line => `echo '${line}'`).join(';'))
  expect(end.warnings).toEqual(['oh'])
  expect(end.report.result).toMatchObject({ type: 'summary', snapshot: 'S.N', units: [] })
})

test('a program that is not there is a failure like any other', async () => {
  const report: RunReport = await startRun(['/nowhere/failsafe'], () => {}).ended
  expect(judge(report, 'full', false)).toMatchObject({
    code: 'run-died',
    text: expect.stringContaining('could not be started; it said: spawn /nowhere/failsafe ENOENT'),
  })
})

test('somebody who is left behind with its output open does not keep it from having ended', async () => {
  const before = performance.now()
  const child = startRun(sh(`echo '${summary}'; sleep 60 & exit 0`), () => {})
  expect((await child.ended).result).toMatchObject({ type: 'summary' })
  expect(performance.now() - before).toBeLessThan(15_000)
})
