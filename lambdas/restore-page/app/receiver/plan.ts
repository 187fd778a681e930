import type { Plan } from './answers.ts'
import type { Choice, Receiver } from './receiver.ts'

/** A plan as far as it was read: totals are of all of it from the first page on. */
export interface KnownPlan extends Plan {
  /** So far, artefacts of the snapshots that are known. */
  artefacts: number
  sourceBytes: number
}

/** Reads a plan page by page; each yield is all that is known until then. @throws Refused `not-restorable` */
export async function* readPlan(
  receiver: Receiver,
  source: string,
  choice: Choice,
  signal: AbortSignal,
): AsyncGenerator<KnownPlan> {
  let known: KnownPlan | undefined
  for (let page: string | null = null; ; page = known.next) {
    const answer: Plan = await receiver.plan(source, choice, page, signal)
    const snapshots = [...(known?.snapshots ?? []), ...answer.snapshots]
    known = {
      ...(known ?? answer),
      snapshots,
      next: answer.next,
      artefacts: snapshots.reduce((sum, { artefacts }) => sum + artefacts, 0),
      sourceBytes: snapshots.reduce((sum, { sourceBytes }) => sum + sourceBytes, 0),
    }
    yield known
    if (known.next === null) return
  }
}
