import { createHash } from 'node:crypto'
import { encodeTime } from 'ulid'
import type { RunId } from '../../shared/ids.ts'
import type { RunRecord } from '../catalogue/runs.ts'
import type { Source } from '../catalogue/sources.ts'
import type { Judgement } from '../expectations/judge.ts'
import { modeWords, moment } from './words.ts'

type Missed = Judgement['missed'][number]

/** A run that never came, for the timeline. The same moment gives the same run, so that recording it twice is once. */
export function missedRun({ source }: Source, missed: Missed, now: Date): RunRecord {
  const { mode, from, to, count } = missed
  return {
    source,
    run: runIdOf(source, missed),
    outcome: 'missed',
    requested: mode,
    startedAt: from,
    message:
      count === 1
        ? `A ${modeWords[mode]} was expected at ${moment(from)} and never came`
        : `${count} runs of a ${modeWords[mode]} were expected from ${moment(from)} to ${moment(to)} and never came`,
    recordedAt: now.toISOString(),
  }
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

function runIdOf(source: string, { mode, from }: Missed): RunId {
  const hash = createHash('sha256').update(`${source} ${mode} ${from}`).digest()
  const letters = [...hash.subarray(0, 16)].map(byte => alphabet[byte % alphabet.length])
  return `${encodeTime(Date.parse(from))}${letters.join('')}`
}
