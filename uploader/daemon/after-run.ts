import { messageOf } from '../../shared/failure.ts'
import type { SnapshotKind } from '../../shared/snapshot.ts'
import type { Config } from '../config/load.ts'
import type { Log } from '../log/log.ts'
import { printable } from '../output/format.ts'
import type { KindMemory, LastRun } from '../schedule/memory.ts'
import { runHook } from './hook.ts'
import type { Ended } from './runs.ts'

/** For the log. @param memory of the kind, as it is after the run */
export function tellOf(log: Log, source: string, kind: SnapshotKind, ended: Ended, memory: KindMemory | undefined) {
  const { ending, outcome, text, code, snapshot } = ended
  const fields = { source, kind, outcome, code, snapshot }
  const line = `${source}: ${kind} backup ${text}`
  const again = memory?.notBefore
  switch (ending.ended) {
    case 'done':
      log.info(line, fields)
      break
    case 'failed':
      log.error(again === undefined ? line : `${line} (again at ${again.slice(0, 19)}Z)`, fields)
      break
    case 'held':
    case 'cancelled':
    case 'stopped':
      log.warning(line, fields)
  }
}

/** For `status`. */
export function lastRunOf(mode: SnapshotKind, ended: Ended, finishedAt: Date): LastRun {
  const { outcome, startedAt, snapshot, code, text } = ended
  return {
    outcome,
    mode,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    snapshot,
    code,
    message: text,
  }
}

/**
 * The operator's own program for a run that went well, or failed; none for one that was cancelled or had to wait. What becomes of it is a warning at most.
 * @param failures of this kind in a row
 */
export async function callHook(
  { hooks }: Pick<Config, 'hooks'>,
  log: Log,
  { source, kind, failures }: { source: string; kind: SnapshotKind; failures: number },
  { ending, outcome, text, code = '', snapshot = '', result }: Ended,
): Promise<void> {
  const name = ending.ended === 'done' ? 'success' : 'failure'
  const command = hooks[name]
  if (!command || (ending.ended !== 'done' && ending.ended !== 'failed')) return
  const input = `${JSON.stringify(result ?? { type: 'error', code, message: text })}\n`
  const env = {
    FAILSAFE_SOURCE: source,
    FAILSAFE_MODE: kind,
    FAILSAFE_OUTCOME: outcome,
    FAILSAFE_FAILURES: String(failures),
    FAILSAFE_SNAPSHOT: snapshot,
    FAILSAFE_CODE: code,
    FAILSAFE_MESSAGE: printable(text),
  }
  const problem = await runHook(command, { input, env }).catch(messageOf)
  if (problem !== undefined) log.warning(`${source}: the hook for ${name} failed: ${problem}`, { source })
}
