import { Failure } from '../../../../shared/failure.ts'
import type { RestoreContext, RestoreInput } from '../../engine.ts'
import type { Server } from '../connection/server.ts'
import { has, type Inventory } from '../inventory.ts'
import { releaseOf } from '../release.ts'
import { inComment, quoteAccount } from '../sql/quote.ts'
import { checkContent } from './check-content.ts'
import { checkSettings } from './check-settings.ts'
import type { LaidOut } from './files.ts'
import { namesIn } from './names.ts'

/** Everything that can be known before anything is changed. @throws Failure `restore-target…` */
export async function checkTarget(
  server: Server,
  target: Inventory,
  input: RestoreInput,
  files: LaidOut[],
  warn: RestoreContext['warn'],
): Promise<void> {
  checkVersion(target, input)
  checkRights(target)
  await checkContent(server, target, files)
  await checkPacketLimit(server, files)
  await checkSettings(server, target, input, files)
  await checkNames(target, input, files, warn)
}

function checkVersion(target: Inventory, input: RestoreInput): void {
  const source = input.snapshots.at(-1)?.engineVersion ?? ''
  const name = target.flavour === 'mariadb' ? 'MariaDB' : 'MySQL'
  const fix = `Restore into a server of the source's kind and version (${source}) or a later one, or load the files by hand as RESTORE.md says`
  if (!source.startsWith(`${name} `))
    throw new Failure('restore-target-version', `The target is ${name} ${target.version}`, {
      why: `the backup is of ${source}, and the two differ in types, accounts and system tables`,
      fix,
    })
  const major = (release: number) => Math.floor(release / 100)
  if (major(target.release) < major(releaseOf(source.slice(name.length + 1))))
    throw new Failure(
      'restore-target-version',
      `The target is ${name} ${target.version}, which is older than the source`,
      {
        why: `the backup is of ${source} and may use what the target does not know`,
        fix,
      },
    )
}

const needed = [
  'SELECT',
  'INSERT',
  'CREATE',
  'ALTER',
  'DROP',
  'CREATE VIEW',
  'CREATE ROUTINE',
  'TRIGGER',
  'EVENT',
  'CREATE USER',
]

function checkRights(target: Inventory): void {
  const missing = needed.filter(right => !has(target, right))
  // To make objects that belong to other accounts.
  const definer = ['SUPER', 'SET USER', 'SET_USER_ID', 'SET_ANY_DEFINER']
  if (!definer.some(right => has(target, right))) missing.push('SUPER')
  // To lay aside what the target wants of each table (sql_require_primary_key).
  const session = ['SUPER', 'SESSION_VARIABLES_ADMIN', 'SYSTEM_VARIABLES_ADMIN']
  if (target.flavour === 'mysql' && target.release >= 80_013 && !session.some(right => has(target, right)))
    missing.push('SESSION_VARIABLES_ADMIN')
  if (missing.length === 0) return
  const account = quoteAccount(target.account)
  throw new Failure(
    'restore-target-right',
    `The account ${account} of the target lacks the right ${missing.join(', ')}`,
    {
      why: 'databases, objects of other accounts and accounts themselves are made with it',
      fix: `Use an administrator's account, or: GRANT ALL PRIVILEGES ON *.* TO ${account} WITH GRANT OPTION`,
    },
  )
}

/** The longest statement must fit, with the byte of the command in front of it. */
async function checkPacketLimit(server: Server, files: LaidOut[]): Promise<void> {
  const row = await server.one('SELECT @@global.max_allowed_packet bytes')
  const limit = Number(row?.bytes)
  const longest = files.reduce((a, b) => (b.largestStatement > a.largestStatement ? b : a))
  if (longest.largestStatement + 1 < limit) return
  const enough = Math.ceil((longest.largestStatement + 2) / 1024) * 1024
  throw new Failure('restore-target-packet', `The target takes no statement longer than ${limit} bytes`, {
    why: `a row of ${inComment(longest.database ?? '')}.${inComment(longest.table ?? '')} needs ${longest.largestStatement}`,
    fix: `Run on the target: SET GLOBAL max_allowed_packet = ${enough}`,
  })
}

async function checkNames(
  target: Inventory,
  input: RestoreInput,
  files: LaidOut[],
  warn: RestoreContext['warn'],
): Promise<void> {
  const source = input.snapshots.at(-1)?.units[0]?.info?.lowerCaseTableNames
  if (target.lowerCaseTableNames === 0) {
    if (source === undefined || source === '0') return
    throw new Failure('restore-target-names', 'The target tells upper from lower case in names, the source did not', {
      why: `triggers and routines of the source may name a table in another case than it has (its lower_case_table_names is ${source})`,
      fix: 'Restore into a server that was set up with lower_case_table_names = 1',
    })
  }
  const seen = new Map<string, string>()
  for (const { name, ofDatabase } of await namesIn(files)) {
    const qualified = ofDatabase === undefined ? inComment(name) : `${inComment(ofDatabase)}.${inComment(name)}`
    const same = seen.get(qualified.toLowerCase())
    if (same !== undefined && same !== qualified)
      throw new Failure('restore-target-names', `The target cannot hold both ${same} and ${qualified}`, {
        why: `it ignores case in names (lower_case_table_names = ${target.lowerCaseTableNames})`,
        fix: 'Restore into a server with lower_case_table_names = 0',
      })
    seen.set(qualified.toLowerCase(), qualified)
  }
  if (source === '0')
    warn(
      'names-lower-case',
      `the target ignores case in names (lower_case_table_names = ${target.lowerCaseTableNames}), the source did not`,
    )
}
