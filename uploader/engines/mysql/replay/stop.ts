import { Failure } from '../../../../shared/failure.ts'

/** Where a replay ends: behind everything, behind the last transaction committed by a moment, or before one transaction. */
export type Stop =
  | { kind: 'end' }
  /** Microseconds since 1970. */
  | { kind: 'at'; time: bigint; text: string }
  | { kind: 'position'; file: string; offset: number }
  | { kind: 'gtid'; gtid: string }

/** @throws Failure `usage` for a place that is neither `FILE:OFFSET` nor a GTID */
export function stopOf({ at, before }: { at: string | null; before?: string }): Stop {
  if (before !== undefined) return placeOf(before)
  return at === null ? { kind: 'end' } : { kind: 'at', time: microseconds(at), text: at }
}

function placeOf(text: string): Stop {
  const position = /^(.+\.\d{6,}):(\d+)$/.exec(text)
  if (position) return { kind: 'position', file: position[1]!, offset: Number(position[2]) }
  const mysql = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})((?::[a-z_][a-z0-9_]{0,31})?:\d+)$/i.exec(text)
  if (mysql) return { kind: 'gtid', gtid: text.toLowerCase() }
  if (/^\d+-\d+-\d+$/.test(text)) return { kind: 'gtid', gtid: text }
  throw new Failure('usage', `${JSON.stringify(text)} is no place in a binary log`, {
    why: 'it is neither a file with an offset nor one GTID',
    fix: 'Give it as binlog.000007:4711, as 0-1-4711 (MariaDB) or as UUID:4711 (MySQL)',
  })
}

/** RFC 3339 with up to six digits of a second. */
export function microseconds(instant: string): bigint {
  const fraction = /\.(\d+)/.exec(instant)?.[1] ?? ''
  const whole = BigInt(Date.parse(instant.replace(/\.\d+/, ''))) * 1000n
  return whole + BigInt(fraction.slice(0, 6).padEnd(6, '0'))
}
