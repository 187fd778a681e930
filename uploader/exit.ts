import { Failure, messageOf } from '../shared/failure.ts'

/** The documented exit codes. */
export const exit = {
  done: 0,
  failed: 1,
  usage: 2,
  warnings: 3,
  sourceAdvanced: 4,
  refused: 5,
  held: 6,
  interrupted: 130,
} as const
export type ExitCode = (typeof exit)[keyof typeof exit]

const codes = new Map<string, ExitCode>([
  ...each(exit.usage, [
    'usage',
    'config-missing',
    'config-unreadable',
    'config-invalid',
    'file-not-private',
    'secret-unreadable',
    'secret-empty',
    'source-unknown',
    'identity-missing',
    'identity-unreadable',
    'kit-invalid',
    'identity-invalid',
    'recipient-invalid',
    'already-enrolled',
    'kit-misplaced',
    'address-invalid',
    'engine-unavailable',
    'staging-too-small',
    'hold-too-long',
    'proxy-invalid',
    'ca-file-invalid',
    'source-exists',
    'config-not-merged',
  ]),
  ...each(exit.sourceAdvanced, ['failed-source-advanced']),
  ...each(exit.refused, [
    'not-enrolled',
    'proof-invalid',
    'agent-revoked',
    'agent-key-unknown',
    'customer-key-differs',
    'tenant-suspended',
    'token-invalid',
    'link-invalid',
    'passcode-required',
    'passcode-wrong',
    'address-refused',
    'out-of-scope',
    'quota-exceeded',
  ]),
  ...each(exit.held, ['source-held', 'lane-held', 'state-held', 'daemon-running']),
  ...each(exit.interrupted, ['interrupted', 'cancelled']),
])

const tellsOfItself: ExitCode[] = [exit.sourceAdvanced, exit.interrupted]

function each(code: ExitCode, names: string[]): [string, ExitCode][] {
  return names.map(name => [name, code])
}

/** What the process ends with after `error`. Unknown means failed. */
export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof Failure ? (codes.get(error.code) ?? exit.failed) : exit.failed
}

/** Anything thrown, as the one error a person is shown. */
export function failureOf(error: unknown, signal: AbortSignal): Failure {
  const known = error instanceof Failure
  // These say more than that somebody interrupted: what became of the run.
  if (known && tellsOfItself.includes(exitCodeOf(error))) return error
  if (signal.aborted) return interrupted(error)
  if (known) return error
  return new Failure('unexpected', 'Something unexpected went wrong', {
    why: messageOf(error),
    fix: 'Run it again with FAILSAFE_DEBUG=1 and send the output to the provider',
    cause: error,
  })
}

function interrupted(cause: unknown): Failure {
  // A backup knows what it has kept.
  const fix = cause instanceof Failure && cause.code === 'cancelled' ? cause.fix : 'Run it again'
  return new Failure('interrupted', 'Interrupted', { why: 'a signal asked to stop', fix, cause })
}
