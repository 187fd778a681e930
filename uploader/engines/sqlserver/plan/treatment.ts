import type { Database, Inventory } from '../inventory.ts'

/**
 * What a run does about a database, before anything is known of earlier backups:
 * - `back-up`; `secondary`: on a replica that is not the primary, where a full must be COPY_ONLY and a differential cannot be taken
 * - `leave-out`: there is nothing to back up, or another one's agent does it; `warn` where somebody should know
 * - `fail`: it should be backed up, and cannot be
 */
export type Treatment =
  | { how: 'back-up'; secondary: boolean }
  | { how: 'leave-out'; reason: string; warn: boolean }
  | { how: 'fail'; reason: string }

/** @param known whether an earlier backup of it is there: what could be backed up then should not be left out quietly now */
export function treatmentOf(
  database: Database,
  { replicas }: Pick<Inventory['policy'], 'replicas'>,
  known: boolean,
): Treatment {
  const { name, state, role } = database
  if (name === 'tempdb') return leaveOut('the server makes it anew at every start')
  if (database.isSnapshot) return leaveOut('it is a snapshot of another database')
  if (database.mirror) return leaveOut('it is a mirror; its principal is backed up')
  if (role === 'secondary' && replicas === 'primary') return leaveOut('another replica is the primary')
  if (role !== null && replicas === 'preferred' && !database.preferredReplica)
    return leaveOut('the availability group prefers another replica for backups')
  switch (state) {
    case 'ONLINE':
      break
    case 'RESTORING':
    case 'RECOVERING':
      return known
        ? { how: 'fail', reason: `it is ${state} and was online when it was last backed up` }
        : leaveOut(`it is ${state}`, true)
    case 'OFFLINE':
      return leaveOut('it is OFFLINE', true)
    default:
      return { how: 'fail', reason: `it is ${state}: its data is in danger` }
  }
  if (database.standby) return leaveOut('it is a standby copy, which the server does not back up', true)
  if (!database.access) return { how: 'fail', reason: 'the login has no user in it' }
  if (database.guid === null || database.fork === null || database.files.length === 0)
    return { how: 'fail', reason: 'the login may not see its identity: GRANT VIEW ANY DEFINITION' }
  return { how: 'back-up', secondary: role === 'secondary' }
}

function leaveOut(reason: string, warn = false): Treatment {
  return { how: 'leave-out', reason, warn }
}
