import type { StagedArtefact } from '../../engine.ts'
import type { Moment } from '../moment/moment.ts'
import { unit } from '../position.ts'
import { orderOf } from './order.ts'

/** `metadata` as mydumper writes it (in UTC): myloader wants it, and it names the place in the binary log where a replica goes on. */
export function metadata(moment: Moment, now: () => Date): StagedArtefact {
  return {
    name: 'metadata',
    role: 'file',
    unit,
    order: orderOf('metadata', 0),
    attributes: { stage: 'metadata' },
    async *read() {
      yield Buffer.from(text(moment, now()))
    },
  }
}

function text({ time, log, gtid, prepared }: Moment, finished: Date): string {
  const lines = [
    `# Started dump at: ${seconds(time)}`,
    '[config]',
    '',
    '[myloader_session_variables]',
    "SQL_MODE='NO_AUTO_VALUE_ON_ZERO' /*!40101",
    '',
  ]
  // Where XA transactions were prepared, a replica that went on from there would meet their ends alone.
  if (log && prepared.length === 0)
    lines.push('[source]', `File = ${log.file}`, `Position = ${log.offset}`, `Executed_Gtid_Set = ${gtid ?? ''}`, '')
  lines.push(`# Finished dump at: ${seconds(finished.toISOString())}`, '')
  return lines.join('\n')
}

/** @param time `2026-11-22T10:15:00.000Z` */
function seconds(time: string): string {
  return time.slice(0, 19).replace('T', ' ')
}
