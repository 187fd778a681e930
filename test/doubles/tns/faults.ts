import { OraError } from './ora.ts'
import { HangUp } from './server.ts'

/** What goes wrong with a call. */
export type Fault =
  /** The connection is lost before the call is done, or after it, before the answer. */
  | 'lost before'
  | 'lost after'
  /** No answer comes, until the client breaks the call off or hangs up. */
  | 'stall'
  /** The server answers with an error instead. */
  | OraError
  /** A read of a BFILE gives this many bytes at most. */
  | { bytes: number }
  /** Something happens first, in the middle of a backup. */
  | (() => unknown)

interface Planned {
  at: RegExp
  fault: Fault
  /** Calls that fit and are to pass first. */
  skip: number
  times: number
}

/**
 * Calls are known by their text: a statement as the client sends it, `LOGON name`, `BFILE OPEN directory/file`, `BFILE READ directory/file
 * offset amount` and the like.
 */
export class Faults {
  readonly #planned: Planned[] = []

  /** @param when which of the calls that fit: by default the next one alone */
  add(at: RegExp, fault: Fault, { skip = 0, times = 1 }: { skip?: number; times?: number } = {}): void {
    this.#planned.push({ at, fault, skip, times })
  }

  clear(): void {
    this.#planned.length = 0
  }

  /** Does a call, unless it is to go wrong. */
  async around<T>(text: string, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    const fault = this.#next(text)
    if (fault instanceof OraError) throw fault
    if (fault === 'lost before') throw new HangUp()
    if (fault === 'stall') await aborted(signal)
    if (typeof fault === 'function') await fault()
    const result = await call()
    if (fault === 'lost after') throw new HangUp()
    if (fault !== null && typeof fault === 'object' && Buffer.isBuffer(result))
      return result.subarray(0, fault.bytes) as T & Buffer
    return result
  }

  #next(text: string): Fault | null {
    const found = this.#planned.find(({ at, times }) => times > 0 && at.test(text))
    if (!found) return null
    if (found.skip-- > 0) return null
    found.times--
    return found.fault
  }
}

/** Waits for the client to give up. */
async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
  throw new OraError(1013, 'user requested cancel of current operation')
}
