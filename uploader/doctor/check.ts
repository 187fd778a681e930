import { Failure, messageOf } from '../../shared/failure.ts'
import type { Finding } from '../engines/engine.ts'

export type Outcome = 'ok' | 'warning' | 'failed'

/** One thing that was looked at. */
export interface Check {
  /** What was looked at, e.g. `clock`. */
  check: string
  /** The source that it is about; null for what concerns all. */
  source: string | null
  /** `failed`: backups fail or are worth nothing because of it. `warning`: they are weaker, or will fail some day. */
  outcome: Outcome
  /** Stable; null where all is well. */
  code: string | null
  /** One sentence without a full stop. */
  what: string
  why: string | null
  fix: string | null
}

export function ok(check: string, what: string, source: string | null = null): Check {
  return { check, source, outcome: 'ok', code: null, what, why: null, fix: null }
}

export function found(check: string, { code, grave, what, why, fix }: Finding, source: string | null = null): Check {
  return { check, source, outcome: grave ? 'failed' : 'warning', code, what, why, fix }
}

/** What went wrong while something was looked at is what was found. */
export function failed(check: string, error: unknown, source: string | null = null): Check {
  const outcome = 'failed'
  if (!(error instanceof Failure))
    return { check, source, outcome, code: 'unexpected', what: messageOf(error), why: null, fix: null }
  const { code, message, why, fix } = error
  return { check, source, outcome, code, what: message, why: why ?? null, fix: fix ?? null }
}

/** The worst of them. */
export function worst(checks: readonly Check[]): Outcome {
  if (checks.some(({ outcome }) => outcome === 'failed')) return 'failed'
  return checks.some(({ outcome }) => outcome === 'warning') ? 'warning' : 'ok'
}
