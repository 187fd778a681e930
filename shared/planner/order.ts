import type { CommittedSnapshot } from '../snapshot.ts'
import { byReceipt, type Held } from './history.ts'

/**
 * One order for all units' steps: what every unit needs in turn stays in turn, otherwise the data lane goes first and then the
 * receiver's order decides.
 */
export function inOrder(chains: Held[][]): CommittedSnapshot[] {
  const queues = chains.map(steps => steps.map(step => step.snapshot))
  const known = new Map(queues.flat().map(snapshot => [snapshot.snapshot, snapshot]))
  const waiting = [...known.values()].sort(
    (a, b) => Number(a.lane === 'log') - Number(b.lane === 'log') || byReceipt(a, b),
  )
  const predecessors = new Map(waiting.map(({ snapshot }) => [snapshot, new Set<string>()]))
  for (const queue of queues)
    for (const [i, { snapshot }] of queue.entries()) if (i > 0) predecessors.get(snapshot)!.add(queue[i - 1]!.snapshot)

  const ordered: CommittedSnapshot[] = []
  const done = new Set<string>()
  const place = (snapshot: CommittedSnapshot) => {
    if (done.has(snapshot.snapshot)) return
    done.add(snapshot.snapshot)
    for (const earlier of predecessors.get(snapshot.snapshot)!) place(known.get(earlier)!)
    ordered.push(snapshot)
  }
  for (const snapshot of waiting) place(snapshot)
  return ordered
}
