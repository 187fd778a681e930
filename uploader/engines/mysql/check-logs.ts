import type { Finding } from '../engine.ts'
import { loginOf } from './connection/login.ts'
import type { Server } from './connection/server.ts'
import { withServer } from './connection/with-server.ts'
import { inspectServer } from './inspect.ts'
import { logsUnusable } from './log/continuation.ts'
import type { Settings } from './settings.ts'

const day = 86_400

/** What to do about each reason for which a server's logs cannot be backed up. Rights have findings of their own. */
const fixes: Record<string, { grave: boolean; fix: string }> = {
  LOG_OFF: {
    grave: true,
    fix: 'Set log_bin in the configuration of the server and restart it, or leave log out of the schedule',
  },
  BINLOG_FORMAT: { grave: true, fix: 'Set binlog_format = ROW in the configuration of the server and restart it' },
  BINLOG_FILTERED: {
    grave: true,
    fix: 'Take binlog_do_db and binlog_ignore_db out of the configuration of the server and restart it',
  },
  BINLOG_ENCRYPTED: {
    grave: true,
    fix: 'Have the server write its binary logs unencrypted, or leave log out of the schedule',
  },
  BINLOG_GAP: {
    grave: false,
    fix: 'Remove binary logs with PURGE BINARY LOGS only, never by hand: now up to the gap, after a full backup',
  },
}

/** How the binary logs are set, against a schedule that has them backed up at the latest every `pause` seconds. */
export async function checkLogs(settings: Settings, pause: number, signal: AbortSignal): Promise<Finding[]> {
  return withServer(await loginOf(settings.connection, signal), signal, async server => {
    const inventory = await inspectServer(server)
    const unusable = logsUnusable(inventory)
    const known = unusable && fixes[unusable.code]
    const findings: Finding[] = []
    if (known)
      findings.push({
        code: unusable.code.toLowerCase().replaceAll('_', '-'),
        what: 'The binary logs of the server cannot be backed up',
        why: unusable.reason,
        ...known,
      })
    if (inventory.log?.format === 'MIXED')
      findings.push({
        code: 'binlog-mixed',
        grave: false,
        what: 'The binary log may hold statements instead of rows',
        why: 'binlog_format is MIXED, and a statement may have another effect when it is replayed',
        fix: 'Set binlog_format = ROW in the configuration of the server and restart it',
      })
    const kept = inventory.log ? await secondsKept(server) : undefined
    if (kept !== undefined && kept < pause + day) findings.push(tooShort(kept, pause))
    return findings
  })
}

function tooShort(kept: number, pause: number): Finding {
  const lost = kept <= pause
  return {
    code: 'binlog-expiry',
    grave: lost,
    what: `The server removes its binary logs after ${hours(kept)}, and they are backed up every ${hours(pause)}`,
    why: lost
      ? 'logs would be gone before they are backed up'
      : 'after a day without backups, logs would be gone and everything would be backed up anew',
    fix: `Set binlog_expire_logs_seconds (expire_logs_days on old servers) to ${Math.ceil((pause + 3 * day) / day)} days or more`,
  }
}

const hours = (seconds: number) =>
  seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${+(seconds / 3600).toFixed(1)} hours`

/** How long the server keeps a log that it no longer writes to; undefined where it keeps all. */
async function secondsKept(server: Server): Promise<number | undefined> {
  const rows = await server.query(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('binlog_expire_logs_seconds', 'binlog_expire_logs_auto_purge', 'expire_logs_days')",
  )
  const variables = new Map(rows.map(row => [row.Variable_name!.toString(), row.Value!.toString()]))
  if (variables.get('binlog_expire_logs_auto_purge') === 'OFF') return undefined
  const seconds = Number(variables.get('binlog_expire_logs_seconds') ?? 0)
  return seconds || Number(variables.get('expire_logs_days') ?? 0) * day || undefined
}
