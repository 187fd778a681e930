import { expect, test } from 'vitest'
import { Failure } from '../../shared/failure.ts'
import { type ProblemCode, ProblemError, problems } from '../../shared/problem.ts'
import { exitCodeOf, failureOf } from '../../uploader/exit.ts'

test.each([
  ['usage', 2],
  ['config-invalid', 2],
  ['config-missing', 2],
  ['file-not-private', 2],
  ['source-unknown', 2],
  ['staging-too-small', 2],
  ['failed-source-advanced', 4],
  ['not-enrolled', 5],
  ['source-held', 6],
  ['cancelled', 130],
  ['interrupted', 130],
  ['receiver-unreachable', 1],
  ['artefact-damaged', 1],
  ['agent-untrusted', 1],
  ['mysql-unreachable', 1],
  ['never heard of', 1],
])('%s ends with %i', (code, exit) => {
  expect(exitCodeOf(new Failure(code, 'x'))).toBe(exit)
})

test('every refusal of the receiver has its exit code', () => {
  const refused = [
    'proof-invalid',
    'agent-revoked',
    'tenant-suspended',
    'token-invalid',
    'link-invalid',
    'passcode-required',
    'passcode-wrong',
    'address-refused',
    'out-of-scope',
    'customer-key-differs',
    'quota-exceeded',
  ]
  for (const code of Object.keys(problems) as ProblemCode[])
    expect(exitCodeOf(new ProblemError(code)), code).toBe(refused.includes(code) ? 5 : code === 'lane-held' ? 6 : 1)
})

test('what is not one of our errors is failed, and never done', () => {
  expect(exitCodeOf(new TypeError('x'))).toBe(1)
  expect(exitCodeOf(undefined)).toBe(1)
})

test('an interruption is told as one, whatever it broke', () => {
  const interrupt = new AbortController()
  const error = new Error('socket hang up')
  expect(failureOf(error, interrupt.signal).code).toBe('unexpected')
  interrupt.abort()
  expect(exitCodeOf(failureOf(error, interrupt.signal))).toBe(130)
})

test('a run that was cancelled says itself what was kept', () => {
  const failure = new Failure('cancelled', 'The backup was interrupted', { fix: 'Run it again; all of it was kept' })
  expect(failureOf(failure, AbortSignal.abort())).toBe(failure)
})

test('that the source has advanced is said even when the run was interrupted', () => {
  const failure = new Failure('failed-source-advanced', 'x')
  expect(exitCodeOf(failureOf(failure, AbortSignal.abort()))).toBe(4)
})
