import type { NoticeKind } from '../../shared/notice.ts'
import type { Ledger } from './ledger.ts'
import { Mode } from './plan.ts'
import type { SizedKind } from './sizes.ts'

/** What a ledger says is wrong with its source: each is one condition. */
export type Problem =
  | { kind: 'run-late' | 'run-missed'; aspect: Mode; since: string }
  | { kind: 'size-odd'; aspect: SizedKind }
  | { kind: 'run-failing' | 'clock-skew' }

export function problemsIn({ modes, sizes, failing, clockSkew }: Ledger): Problem[] {
  const problems: Problem[] = []
  for (const mode of Mode.options) {
    const { late, missed } = modes[mode] ?? { late: null, missed: null }
    if (late !== null) problems.push({ kind: 'run-late', aspect: mode, since: late })
    if (missed !== null) problems.push({ kind: 'run-missed', aspect: mode, since: missed })
  }
  for (const kind of ['full', 'log'] as const)
    if ((sizes[kind]?.odd.length ?? 0) > 0) problems.push({ kind: 'size-odd', aspect: kind })
  if (failing) problems.push({ kind: 'run-failing' })
  if (clockSkew) problems.push({ kind: 'clock-skew' })
  return problems
}

/** Those of `problems` that are not among `others`. */
export function besides(problems: Problem[], others: Problem[]): Problem[] {
  const keys = new Set(others.map(keyOf))
  return problems.filter(problem => !keys.has(keyOf(problem)))
}

function keyOf(problem: Problem): `${NoticeKind}#${string}` {
  return `${problem.kind}#${'aspect' in problem ? problem.aspect : ''}`
}
