const RealDate = Date
let offset = 0

export const realNow = (): number => RealDate.now()

/**
 * Makes `Date` of this thread run ahead of the machine's clock, so that the whole cloud has one clock: when a test moves it, leases,
 * signatures and locks inside the functions move too. Nothing is touched as long as the clock is not moved.
 * @param milliseconds 0 outside tests
 */
export function setClock(milliseconds: number): void {
  if (milliseconds === offset) return
  offset = milliseconds
  globalThis.Date = class extends RealDate {
    constructor(...parts: unknown[]) {
      if (parts.length === 0) super(RealDate.now() + offset)
      else super(...(parts as [number]))
    }
    static override now(): number {
      return RealDate.now() + offset
    }
  } as DateConstructor
}
