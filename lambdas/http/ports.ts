import type { Table } from '../catalogue/table.ts'
import type { Environment } from './environment.ts'

/** What every function is given. Tests give their own clock, randomness and log. */
export interface Ports {
  catalogue: Table
  clock: () => Date
  /** That many random bytes, fit for secrets. */
  random: (bytes: number) => Uint8Array
  env: Environment
  log: Log
}

/** Never gets a secret: no headers, bodies, tokens or URLs that were signed. */
export interface Log {
  request(line: RequestLine): void
  /** A failure of the receiver itself, with its stack: for the provider alone. */
  failure(error: unknown): void
  count(metric: Metric, amount: number): void
}

export type Metric = 'SnapshotsCommitted' | 'BytesCommitted' | 'PartsSigned' | 'RestoresPlanned'

export interface RequestLine {
  method: string
  /** The route, not the path: `/v1/snapshots/{snapshot}/parts`. */
  route: string
  status: number
  milliseconds: number
  code?: string
  agent?: string
}

/** 256 bits, as text that may stand in a URL. */
export function newSecret({ random }: Pick<Ports, 'random'>): string {
  return Buffer.from(random(32)).toString('base64url')
}
