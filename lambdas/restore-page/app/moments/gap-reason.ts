/** Why there is a gap, as the receiver's planner words it (shared/planner/timeline.ts), taken apart so that it can be said in any language. */
export type GapReason =
  | { kind: 'missing'; span: string }
  | { kind: 'missing-after'; since: string }
  | { kind: 'bad'; span: string }
  | { kind: 'anew'; since: string }
  | { kind: 'nothing-after'; since: string }
  /** A reason that this page does not know, in the receiver's words. */
  | { kind: 'other'; text: string }

const moment = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d'
const span = `${moment}-(?:\\d{4}-\\d\\d-\\d\\d )?\\d\\d:\\d\\d`

export function gapReason(reason: string): GapReason {
  const said = (pattern: string) => reason.match(new RegExp(`^${pattern}(?:;|$)`))?.[1]
  const missing = said(`log missing (${span})`)
  if (missing) return { kind: 'missing', span: missing }
  const missingAfter = said(`log missing after (${moment})`)
  if (missingAfter) return { kind: 'missing-after', since: missingAfter }
  const bad = said(`log (${span}) was found bad`)
  if (bad) return { kind: 'bad', span: bad }
  const anew = said(`the log history started anew at (${moment})`)
  if (anew) return { kind: 'anew', since: anew }
  const nothing = said(`no log was backed up after (${moment})`)
  if (nothing) return { kind: 'nothing-after', since: nothing }
  return { kind: 'other', text: reason }
}
