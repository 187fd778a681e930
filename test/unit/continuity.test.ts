import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EarlierLog, judgeLog } from '../../shared/continuity.ts'
import { chainFrom, good, startsOf } from '../../shared/planner/chain.ts'
import { type Held, historiesOf } from '../../shared/planner/history.ts'
import { planRestore } from '../../shared/planner/plan.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { CommittedSnapshot } from '../../shared/snapshot.ts'
import { seed, times } from '../support/counts.ts'
import { Events, historyOf, idOf } from './planner-model.ts'

/** As the receiver commits them, one by one: each log is judged by what was committed before it. Proofs come later: nothing is bad yet. */
function committed(snapshots: CommittedSnapshot[]) {
  const before: { logs: EarlierLog[]; data: CommittedSnapshot[] } = { logs: [], data: [] }
  const reads: number[] = []
  const logs: EarlierLog[] = []
  for (const { bad: _bad, ...snapshot } of snapshots) {
    if (snapshot.lane === 'data') before.data.unshift(snapshot)
    else {
      // one more of a lane is read only when it is asked for, like the receiver does
      const read = { logs: before.logs.slice(0, 1), data: before.data.slice(0, 1) }
      let judged = judgeLog(snapshot, read)
      for (;;) {
        if (judged.wants.log && read.logs.length < before.logs.length) read.logs.push(before.logs[read.logs.length]!)
        else if (judged.wants.data && read.data.length < before.data.length)
          read.data.push(before.data[read.data.length]!)
        else break
        judged = judgeLog(snapshot, read)
      }
      reads.push(read.logs.length + read.data.length)
      const log = { ...snapshot, chain: judged.chain }
      before.logs.unshift(log)
      logs.push(log)
    }
  }
  return { logs, reads }
}

function plans(snapshots: CommittedSnapshot[], snapshot: string, unit: string): boolean {
  try {
    planRestore(snapshots, { kind: 'snapshot', snapshot }, [unit])
    return true
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'not-restorable') return false
    throw error
  }
}

/** Whether the planner leads from some full through to the end of a log: to a log that would continue it. */
function leadsThrough(snapshots: CommittedSnapshot[], log: CommittedSnapshot, unit: string): boolean {
  const { to, ...entry } = log.units.find(each => each.unit === unit)!
  const next: CommittedSnapshot = {
    ...log,
    snapshot: idOf(999_999),
    receivedAt: new Date(Date.parse(log.receivedAt) + 1).toISOString(),
    units: [{ ...entry, from: to, to: { ...to, at: `${to.at}+` } }],
  }
  const history = historiesOf([...snapshots, next]).get(unit)!
  const complete = ({ entry }: Held) => entry.to.stream === to.stream && entry.to.at <= to.at
  return [...startsOf(history, good)].some(
    start => complete(start.at(-1)!) && chainFrom(start, history).steps.at(-1)!.snapshot === next,
  )
}

describe('the continuity of logs, with three units on two lanes committed in order', () => {
  it('calls a unit broken exactly where the planner does not lead from some full through to that log', () => {
    const seen = { whole: 0, broken: 0 }
    fc.assert(
      fc.property(Events, events => {
        const snapshots = historyOf(events).map(({ bad: _bad, ...snapshot }) => snapshot)
        for (const { chain, ...log } of committed(snapshots).logs) {
          const history = snapshots.slice(0, snapshots.findIndex(({ snapshot }) => snapshot === log.snapshot) + 1)
          const broken = new Set(chain!.broken.map(({ unit }) => unit))
          expect(chain!.brokenCount).toBe(broken.size)
          for (const { unit } of log.units) {
            const leads = leadsThrough(history, log, unit)
            expect(broken.has(unit), `${unit} of ${log.snapshot}`).toBe(!leads)
            if (plans(history, log.snapshot, unit)) expect(broken.has(unit)).toBe(false)
            seen[leads ? 'whole' : 'broken'] += 1
          }
        }
      }),
      { seed, numRuns: times(1000) },
    )
    expect(Math.min(seen.whole, seen.broken)).toBeGreaterThan(100)
  })

  it('counts the logs since the newest full or differential that names all whole units of a log', () => {
    fc.assert(
      fc.property(Events, events => {
        // every run names all units, as those of most engines do
        const snapshots = historyOf(events.map(event => ({ ...event, units: [0, 1, 2] })))
        for (const { chain, receivedAt } of committed(snapshots).logs) {
          if (chain!.brokenCount === 3) continue
          const since = snapshots.findLast(each => each.lane === 'data' && each.receivedAt < receivedAt)!.receivedAt
          const logs = snapshots.filter(each => each.lane === 'log' && each.receivedAt > since)
          expect(chain!.since).toBe(since)
          expect(chain!.logs).toBe(logs.filter(each => each.receivedAt <= receivedAt).length)
        }
      }),
      { seed, numRuns: times(1000) },
    )
  })

  it('reads the heads of both lanes and no more while logs continue one another', () => {
    const events = Array.from({ length: 50 }, (_, n) => ({
      what: n === 0 ? ('full' as const) : ('log' as const),
      pause: 15,
      units: [0, 1, 2],
      written: 2,
      fate: 'kept' as const,
      hot: 2,
    }))
    const { logs, reads } = committed(historyOf(events))
    expect(Math.max(...reads)).toBe(2)
    expect(logs.at(-1)!.chain).toEqual({
      logs: 49,
      since: expect.stringMatching(/T00:00:00/),
      broken: [],
      brokenCount: 0,
    })
  })
})
