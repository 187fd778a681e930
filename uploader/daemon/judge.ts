import type { RunOutcome, SnapshotKind } from '../../shared/snapshot.ts'
import { exit } from '../exit.ts'
import { formatBytes, formatSeconds } from '../output/format.ts'
import type { Ending } from '../schedule/memory.ts'
import type { RunError, RunReport } from './run-child.ts'

export interface Judgement {
  ending: Ending
  outcome: RunOutcome
  /** What became of it, in words. */
  text: string
  code?: string
  snapshot?: string
}

/**
 * What a run's end means for its source.
 * @param kind the one that was asked for
 * @param stopping it was this process that made it stop
 */
export function judge(
  { exit: code, signal, planned, result, said }: RunReport,
  kind: SnapshotKind,
  stopping: boolean,
): Judgement {
  if (result?.type === 'summary' && (code === exit.done || code === exit.warnings)) {
    const { kind: made, snapshot, seconds, bytes } = result
    const outcome = code === exit.warnings ? 'succeeded-with-warnings' : 'succeeded'
    const instead = made === kind ? '' : `, as a ${made} one`
    const text = `succeeded in ${formatSeconds(seconds)}${instead}: ${formatBytes(bytes.sent)} sent`
    return { ending: { ended: 'done', made }, outcome, text, snapshot }
  }
  if (result?.type !== 'error') {
    if (stopping) return { ending: { ended: 'stopped' }, outcome: 'cancelled', text: 'was stopped' }
    const how = signal ? `was killed (${signal})` : code === null ? 'could not be started' : `ended with ${code}`
    const text = `failed: its process ${how}${said === '' ? '' : `; it said: ${said.split('\n').at(-1)}`}`
    return { ending: { ended: 'failed', retriable: true }, outcome: 'failed', text, code: 'run-died' }
  }
  const about = { text: `failed: ${lineOf(result)}`, code: result.code }
  switch (code) {
    case exit.interrupted: {
      const text = `was cancelled: ${lineOf(result)}`
      const ending: Ending = stopping ? { ended: 'stopped' } : { ended: 'cancelled', made: planned ?? kind }
      return { ...about, ending, outcome: 'cancelled', text }
    }
    case exit.held:
      return { ...about, ending: { ended: 'held' }, outcome: 'skipped', text: `has to wait: ${lineOf(result)}` }
    case exit.sourceAdvanced:
      return { ...about, ending: { ended: 'failed', retriable: true }, outcome: 'failed-source-advanced' }
    default:
      return { ...about, ending: { ended: 'failed', retriable: result.retriable }, outcome: 'failed' }
  }
}

function lineOf({ message, why, fix }: RunError): string {
  const head = why === undefined ? message : `${message}: ${why}`
  return fix === undefined ? head : `${head.replace(/\.$/, '')}. ${fix}`
}
