import type { Service } from './service.ts'

const interval = 1000
const batch = 1000

/**
 * Deletes expired items and tokens once a second. Large numbers go in batches with other requests in between, until nothing
 * expired is left.
 */
export function startSweeper({ tables, tokens, now }: Service, report: (error: unknown) => void): { stop(): void } {
  let next: NodeJS.Immediate | undefined
  const sweep = () => {
    next = undefined
    try {
      tokens.sweep(now())
      if (tables.sweep(now(), batch)) next = setImmediate(sweep)
    } catch (error) {
      // Whatever it was, the next second tries again.
      report(error)
    }
  }
  const timer = setInterval(() => next ?? sweep(), interval)
  return {
    stop() {
      clearInterval(timer)
      clearImmediate(next)
    },
  }
}
