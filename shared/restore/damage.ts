import { Failure } from '../failure.ts'

/** What is broken in a snapshot. A verify that ends with one of these is recorded as failed; any other error says nothing about the snapshot. */
const damageCodes = new Set([
  'manifest-damaged',
  'units-damaged',
  'index-damaged',
  'artefact-damaged',
  'pack-damaged',
  'chain-damaged',
])
export type DamageCode =
  | 'manifest-damaged'
  | 'units-damaged'
  | 'index-damaged'
  | 'artefact-damaged'
  | 'pack-damaged'
  | 'chain-damaged'

export function isDamage(error: unknown): error is Failure {
  return error instanceof Failure && damageCodes.has(error.code)
}

/** @param what e.g. `The artefact "shop.orders.00000.sql" of snapshot …` */
export function damage(code: DamageCode, what: string, why: string, cause?: unknown): Failure {
  return new Failure(code, `${what} is damaged`, {
    why,
    fix: 'Nothing was written over or applied. Restore an earlier snapshot, and tell the provider',
    cause,
  })
}

/** Codes of lower layers that mean: these bytes are not the ones that were sealed. */
const brokenBytes = new Set(['sealed-damaged', 'pack-damaged', 'content-mismatch'])

/** Names the thing in an error about its bytes; lets every other error (network, wrong identity, interrupted) pass as it is. */
export function asDamageOf(code: DamageCode, what: string, error: unknown): unknown {
  if (!(error instanceof Failure) || !brokenBytes.has(error.code)) return error
  return damage(code, what, error.why ?? error.message, error)
}
