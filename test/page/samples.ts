import type { Snapshot } from '../../lambdas/restore-page/app/receiver/answers.ts'

const day = Date.parse('2026-11-22T00:00:00Z')

/** An hour of a day: epoch milliseconds. */
export const time = (hour: number) => Math.round(day + hour * 3_600_000)
export const at = (hour: number) => new Date(time(hour)).toISOString()

/** Of the unit `shop`, received a minute after it ends; positions are those hours of a log. */
export function snapshotOf(n: number, kind: Snapshot['kind'], from: number, to: number): Snapshot {
  const position = (hour: number) => ({
    stream: 's',
    at: `0000000007:${String(Math.round(hour * 100)).padStart(12, '0')}`,
  })
  return {
    snapshot: `01K9AAAAAAAAAAAAAAAAAAAAAA.01K9${String(n).padStart(22, '0')}`,
    lane: kind === 'log' ? 'log' : 'data',
    kind,
    receivedAt: new Date(time(to) + 60_000).toISOString(),
    agent: 'acme.01K9CCCCCCCCCCCCCCCCCCCCCC',
    lockedUntil: at(24),
    sourceBytes: 1,
    sealedBytes: 1,
    artefacts: 1,
    proof: null,
    warnings: [],
    unitCount: 1,
    units: [
      {
        unit: 'shop',
        kind,
        base: null,
        from: position(from),
        to: position(to),
        covers: { from: at(from), to: at(to) },
      },
    ],
  }
}
