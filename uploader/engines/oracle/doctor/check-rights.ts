import { messageOf } from '../../../../shared/failure.ts'
import type { Finding } from '../../engine.ts'
import { text, textOrNull } from '../../row.ts'
import { loginOf } from '../connection/login.ts'
import type { Session } from '../connection/session.ts'
import { withSession } from '../connection/with-session.ts'
import { inspectDatabase, topologyOf } from '../inspect.ts'
import type { Inventory } from '../inventory.ts'
import type { Settings } from '../settings.ts'
import * as discovery from '../statements/discovery.ts'
import { quoteName } from '../statements/quote.ts'
import { sessionRights } from '../statements/rights.ts'
import { checkFiles } from './check-files.ts'

/** A privilege that the backup uses. `instead`: another one that serves as well. */
interface Right {
  name: string
  without: string
  instead?: readonly string[]
  grave?: false
}

const dropDirectory: Right = {
  name: 'DROP ANY DIRECTORY',
  without: 'the DIRECTORY objects by which files of the server are read stay there, and lead to the exchange directory',
  grave: false,
}

const rights: readonly Right[] = [
  { name: 'SELECT ANY DICTIONARY', without: 'neither files nor redo of the database can be seen' },
  {
    name: 'ALTER DATABASE',
    without: 'neither backup mode nor the copy of the control file is possible',
  },
  { name: 'ALTER SYSTEM', without: 'the current redo cannot be archived' },
  { name: 'CREATE ANY DIRECTORY', without: 'files of the server cannot be read through the connection' },
  {
    name: 'ALTER TABLESPACE',
    instead: ['MANAGE TABLESPACE'],
    without: 'tablespaces cannot be put in backup mode one by one',
    grave: false,
  },
]

/** One finding for each privilege that the account lacks, with its GRANT; what cannot be read, and where the server cannot write. */
export async function checkRights(settings: Settings, signal: AbortSignal): Promise<Finding[]> {
  return withSession(await loginOf(settings.connection, signal), signal, async session => {
    const missing = await missingRights(session, settings)
    // Nothing more can be looked at by who sees no dictionary.
    if (missing.some(({ what }) => what.endsWith('SELECT ANY DICTIONARY'))) return missing
    const inventory = await inspectDatabase(session, settings)
    return [
      ...missing,
      ...(await keystores(session)),
      ...(await stuckDestinations(session)),
      ...backupsOfOthers(inventory, await session.query(discovery.backupMode)),
      ...(missing.some(({ grave }) => grave) ? [] : await checkFiles(settings, inventory, signal)),
    ]
  })
}

async function missingRights(session: Session, settings: Settings): Promise<Finding[]> {
  const { user, as } = settings.connection
  // SYSBACKUP and SYSDBA hold what the backup needs, but for one that SYSBACKUP may lack; what was granted to the account itself does not count then.
  const needed = [...(as === 'none' ? rights : []), ...(topologyOf(settings) === 'remote' ? [dropDirectory] : [])]
  // One that is closed does not say what an account holds.
  if (needed.length === 0) return []
  const held = new Set((await session.query(sessionRights)).map(row => text(row, 'privilege')))
  const grantee = as === 'none' ? accountOf(user) : as.toUpperCase()
  return needed
    .filter(({ name, instead = [] }) => ![name, ...instead].some(each => held.has(each)))
    .map(({ name, without, grave = true }) => ({
      code: 'oracle-missing-right',
      grave,
      what: `The account lacks the privilege ${name}`,
      why: without,
      fix: `Run as an administrator: GRANT ${name} TO ${quoteName(grantee)}`,
    }))
}

/** As the dictionary writes it. */
function accountOf(user: string): string {
  return /^".*"$/.test(user) ? user.slice(1, -1) : user.toUpperCase()
}

async function keystores(session: Session): Promise<Finding[]> {
  return (await session.query(discovery.wallets)).map(row => ({
    code: 'oracle-keystore',
    grave: false,
    what: `The keystore at ${text(row, 'place')} is in no backup`,
    why: 'tablespaces are encrypted (TDE), and what is restored of them cannot be opened without it',
    fix: 'Keep a copy of it, and its password, somewhere else',
  }))
}

async function stuckDestinations(session: Session): Promise<Finding[]> {
  return (await session.query(discovery.archiveDestinations)).flatMap(row => {
    const error = textOrNull(row, 'error')
    if (error === null) return []
    return [
      {
        code: 'oracle-archiver-stuck',
        grave: false,
        what: `Redo cannot be archived to ${text(row, 'name')}`,
        why: messageOf(error),
        fix: 'Make room there; the database stops when no destination can be written to',
      },
    ]
  })
}

function backupsOfOthers({ dataFiles }: Inventory, active: readonly unknown[]): Finding[] {
  if (active.length === 0) return []
  return [
    {
      code: 'oracle-backup-mode-on',
      grave: false,
      what: `${active.length} of ${dataFiles.length} data files are in backup mode`,
      why: 'another backup is under way, or one has died',
      fix: 'If nobody is backing up, run as an administrator: ALTER DATABASE END BACKUP',
    },
  ]
}
