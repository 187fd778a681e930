import type { Failure } from '../../shared/failure.ts'

/**
 * What a verb tells its reader while it works. One implementation writes for people (steps, table, progress bar on stderr, data on
 * stdout), one writes a JSON object per line on stdout. `summary` or `error` comes last, once.
 */
export interface Reporter {
  plan(plan: { source: string; engine: string; kind: string; promoted: string | null; steps: string[] }): void
  /** Step `number` of the plan begins. */
  step(number: number, text: string): void
  /** Bytes so far; `total` is an estimate or null. `label` says what moves, e.g. `sealed` or `downloaded`. */
  progress(progress: { label: string; done: number; total: number | null }): void
  warning(code: string, message: string): void
  summary(summary: Summary): void
  error(failure: Failure): void
}

/** The documented result of a verb: `type` is `summary`; `lines` is how a person reads it and is not part of the JSON. */
export interface Summary {
  json: Record<string, unknown>
  lines: string[]
}
