import type { Survey } from './survey.ts'

/** The one sentence: is everybody safe? */
export type Answer =
  | { kind: 'nothing' }
  | { kind: 'safe'; sources: number; customers: number }
  /** Nothing is wrong, but not of every source a backup can be counted on. */
  | { kind: 'quiet'; safe: number; sources: number }
  /** `others`: things that belong to no source. */
  | { kind: 'needs'; needs: number; sources: number; others: number }

export function answerOf({ sources, customers, needs, quiet, safe, others }: Survey): Answer {
  const grave = others.filter(({ severity }) => severity !== 'info').length
  if (needs.length > 0 || grave > 0) return { kind: 'needs', needs: needs.length, sources, others: grave }
  if (sources === 0) return { kind: 'nothing' }
  return quiet.length > 0 ? { kind: 'quiet', safe: safe.length, sources } : { kind: 'safe', sources, customers }
}
