import { formatBytes, formatSeconds } from '../output/format.ts'
import type { Summary } from '../output/reporter.ts'
import type { BackupResult } from './backup.ts'

/** A backup's result for both kinds of reader. */
export function summaryOf(result: BackupResult): Summary {
  const { source, kind, snapshot, steps, artefacts, bytes, restorable, seconds, warnings, promoted } = result
  const rate = seconds > 0 ? ` (${formatBytes(bytes.source / seconds)}/s)` : ''
  return {
    json: { ...result },
    lines: [
      `${source}: ${kind} backup is complete`,
      ...(promoted === null ? [] : [`  why ${kind}    ${promoted}`]),
      `  snapshot    ${snapshot}`,
      ...steps.map((step, i) => `  step ${String(i + 1).padEnd(6)} ${step}`),
      `  artefacts   ${artefacts}`,
      `  content     ${formatBytes(bytes.source)} in ${formatSeconds(seconds)}${rate}`,
      `  sealed      ${formatBytes(bytes.sealed)}`,
      `  sent        ${formatBytes(bytes.sent)}${bytes.resent > 0 ? `, of which ${formatBytes(bytes.resent)} again` : ''}`,
      `  restorable  ${restorable.from === restorable.to ? restorable.to : `${restorable.from} to ${restorable.to}`}`,
      ...(warnings.length === 0 ? [] : [`  warnings    ${warnings.length}`]),
    ],
  }
}
