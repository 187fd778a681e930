import type { Store } from './store.ts'

/** What every benchmark works with: the built binary, and an embedded cloud with a tenant. */
export interface Bench {
  root: string
  /** Scratch space, gone afterwards. */
  directory: string
  binary: string
  store: Store
  /** A new enrolment address for one host. */
  enrol(): Promise<string>
}
