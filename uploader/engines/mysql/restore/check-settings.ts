import { readFile } from 'node:fs/promises'
import { Failure } from '../../../../shared/failure.ts'
import type { RestoreInput } from '../../engine.ts'
import type { Server } from '../connection/server.ts'
import type { Stage } from '../dump/order.ts'
import { has, type Inventory } from '../inventory.ts'
import { quoteText } from '../sql/quote.ts'
import type { LaidOut } from './files.ts'

/** Settings of the target that would make it refuse, or quietly change, what is in the files. @throws Failure `restore-target…` */
export async function checkSettings(
  server: Server,
  target: Inventory,
  input: RestoreInput,
  files: LaidOut[],
): Promise<void> {
  const variables = await readVariables(server)
  checkReadOnly(target, variables)
  checkTimestamps(target, variables, input)
  await checkPartialRevokes(target, variables, files)
  await checkTimeZones(server, files)
}

async function readVariables(server: Server): Promise<Map<string, string>> {
  const rows = await server.query(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'secure_timestamp', 'partial_revokes')",
  )
  return new Map(rows.map(row => [row.Variable_name!.toString(), row.Value!.toString().toUpperCase()]))
}

function checkReadOnly(target: Inventory, variables: Map<string, string>): void {
  const mayWrite = ['SUPER', 'READ_ONLY ADMIN', 'CONNECTION_ADMIN'].some(right => has(target, right))
  const setting =
    variables.get('super_read_only') === 'ON'
      ? 'super_read_only'
      : (variables.get('read_only') ?? 'OFF') !== 'OFF' && !mayWrite
        ? 'read_only'
        : undefined
  if (setting === undefined) return
  throw new Failure('restore-target-read-only', 'The target takes no writes', {
    why: `${setting} is on, as on a replica`,
    fix: `Restore into another server, or run on the target: SET GLOBAL ${setting} = OFF`,
  })
}

/** Former states of rows come with the times that they were valid from and to. */
function checkTimestamps(target: Inventory, variables: Map<string, string>, input: RestoreInput): void {
  if (!input.files.some(({ attributes }) => attributes.history !== undefined)) return
  const secure = variables.get('secure_timestamp') ?? 'NO'
  if (secure === 'NO' || (secure === 'SUPER' && has(target, 'SUPER'))) return
  throw new Failure('restore-target-timestamps', 'The target lets nobody say when a row was valid', {
    why: `secure_timestamp is ${secure}, and the backup holds the history of system-versioned tables`,
    fix: 'Start the target with secure_timestamp = NO for the time of the restore',
  })
}

/** Without the setting an account would get more than it had on the source. */
async function checkPartialRevokes(target: Inventory, variables: Map<string, string>, files: LaidOut[]): Promise<void> {
  if (target.flavour !== 'mysql' || variables.get('partial_revokes') === 'ON') return
  const grants = await textsOf(files, 'grants')
  if (!/^REVOKE .* FROM `/m.test(grants)) return
  throw new Failure('restore-target-partial-revokes', 'The target knows no partial revokes', {
    why: 'accounts of the source have rights on everything but some databases; here they would have them on all',
    fix: 'Run on the target: SET PERSIST partial_revokes = ON',
  })
}

/** Events remember the time zone that they were made in. */
async function checkTimeZones(server: Server, files: LaidOut[]): Promise<void> {
  const events = await textsOf(files, 'events')
  const zones = [...events.matchAll(/^SET SESSION sql_mode = .*, time_zone = '([^'\\]+)'/gm)].map(([, zone]) => zone!)
  for (const zone of new Set(zones)) {
    if (zone === 'SYSTEM' || /^[+-]\d/.test(zone)) continue
    const row = await server.one(`SELECT CONVERT_TZ('2026-01-01 00:00:00', '+00:00', ${quoteText(zone)}) known`)
    if (row?.known) continue
    throw new Failure('restore-target-time-zone', `The target does not know the time zone ${zone}`, {
      why: 'an event of the backup keeps its times in it',
      fix: 'Fill the time zone tables of the target: mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql mysql',
    })
  }
}

/** The small files of one stage. */
export async function textsOf(files: LaidOut[], stage: Stage): Promise<string> {
  const texts = files.filter(file => file.stage === stage).map(({ path }) => readFile(path, 'utf8'))
  return (await Promise.all(texts)).join('')
}
