/** The server's clock. It moves only when it is told to, so that a test never waits. */
export class Clock {
  #now: number
  /** Minutes that the server's wall clock is ahead of UTC; a change of it is what summer time does. */
  utcOffset: number

  constructor({ now = Date.UTC(2026, 10, 22, 9), utcOffset = 60 }: { now?: number; utcOffset?: number } = {}) {
    this.#now = now
    this.utcOffset = utcOffset
  }

  /** Milliseconds since 1970 in UTC. */
  now(): number {
    return this.#now
  }

  /** The wall clock, written as if it were UTC: what SQL Server's `datetime` holds. Milliseconds. */
  local(): number {
    return this.#now + this.utcOffset * 60_000
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds
  }

  set(now: number | Date): void {
    this.#now = Number(now)
  }
}
