/** Why there is a gap, as the receiver's planner words it (shared/planner/timeline.ts), so that it can be said in any language. */
export type GapReason =
  | { kind: 'missing' | 'bad' | 'anew' | 'nothing-after' }
  /** A reason that this page does not know, in the receiver's words. */
  | { kind: 'other'; text: string }

/** Its times are left out: the gap has them, in the zone that the page shows. */
export function gapReason(reason: string): GapReason {
  if (reason.startsWith('log missing ')) return { kind: 'missing' }
  if (/^log .* was found bad/.test(reason)) return { kind: 'bad' }
  if (reason.startsWith('the log history started anew ')) return { kind: 'anew' }
  if (reason.startsWith('no log was backed up after ')) return { kind: 'nothing-after' }
  return { kind: 'other', text: reason }
}
