import * as account from '../../../uploader/engines/sqlserver/statements/account.ts'
import * as backup from '../../../uploader/engines/sqlserver/statements/backup.ts'
import * as discovery from '../../../uploader/engines/sqlserver/statements/discovery.ts'
import * as door from '../../../uploader/engines/sqlserver/statements/door.ts'
import { headerHistory } from '../../../uploader/engines/sqlserver/statements/header-history.ts'
import * as restore from '../../../uploader/engines/sqlserver/statements/restore.ts'
import * as rights from '../../../uploader/engines/sqlserver/statements/rights.ts'
import type { Statement } from '../../../uploader/engines/sqlserver/statements/statement.ts'

const both = [false, true]

const backups: Statement[] = (['full', 'differential', 'log'] as const).flatMap(kind =>
  both.flatMap(copyOnly =>
    both.flatMap(compression =>
      both.map(largeTransfers =>
        backup.backup(
          { kind, copyOnly: copyOnly && kind === 'full', compression, largeTransfers: largeTransfers && compression },
          { database: 'D', to: { disk: 'F' }, set: 'S', description: 'T' },
        ),
      ),
    ),
  ),
)

/** Through the door, with two streams for what may be up to four. */
const throughDoor: Statement[] = [
  ...(['full', 'differential', 'log'] as const).flatMap(kind =>
    both.flatMap(copyOnly =>
      both.flatMap(compression =>
        [undefined, 20_971_520].flatMap(partSize =>
          (kind === 'log' ? [['U']] : [['U'], ['U', 'V']]).map(urls =>
            backup.backup(
              { kind, copyOnly: copyOnly && kind === 'full', compression, largeTransfers: false },
              { database: 'D', to: { urls, partSize }, set: 'S', description: 'T' },
            ),
          ),
        ),
      ),
    ),
  ),
  backup.historyAndFilesOf('D', 'S'),
  backup.probe({ urls: ['U'], partSize: undefined }),
  door.createCredential('s3://127.0.0.1:1/D', 'A', 'S'),
  door.dropCredential('s3://127.0.0.1:1/D'),
  door.credentialsLike('P'),
]

const moves = [{ logical: 'L', to: 'P' }]
const of = { database: 'D', disks: ['F'], moves }
const plain = { ...of, moves: [] }

/** What restores say, with one MOVE for what may be several. */
const restores: Statement[] = [
  ...both.flatMap(replace => [restore.restoreData(plain, replace), restore.restoreData(of, replace)]),
  restore.restoreData({ ...of, disks: ['F', 'G'] }, false),
  restore.restoreLog({ ...of, disks: ['F', 'G'] }, null),
  ...[null, 'T'].flatMap(stopAt => [restore.restoreLog(plain, stopAt), restore.restoreLog(of, stopAt)]),
  restore.recover('D'),
  restore.stateOf('D'),
  restore.defaultPaths,
  restore.alone('D'),
  restore.letIn('D', 'MULTI_USER'),
  restore.letIn('D', 'RESTRICTED_USER'),
]

/** What init shows and runs, as an administrator. */
const accounts: Statement[] = [
  account.windowsOnly,
  account.loginOfName('U'),
  account.createLogin('U', 'P'),
  account.grantOnServer('U'),
  account.createUser('D', 'U'),
  account.letBackUp('D', 'U'),
  account.grantHistory('U'),
  account.everyUser('U'),
  account.dropUser('D', 'U'),
  account.dropLogin('U'),
]

/** Every batch that the engine can send, with `D` for each name, each once. */
export function everyStatement(): string[] {
  const statements = [
    discovery.instance,
    discovery.databases,
    discovery.files,
    discovery.replicas(11),
    discovery.replicas(12),
    discovery.certificates,
    discovery.stale('P'),
    discovery.progress(1),
    discovery.sessionId,
    rights.serverRights,
    rights.databaseRights,
    rights.serviceAccount,
    ...backups,
    backup.historyOf('D', 'S'),
    backup.examine('F', 'D', 'S'),
    backup.fileList(['F']),
    backup.fileList(['F', 'G']),
    backup.probe({ disk: 'F' }),
    ...throughDoor,
    ...[11, 12, 16].map(major => headerHistory(major, 'F')),
    ...restores,
    ...accounts,
  ]
  return [...new Set(statements.map(({ text }) => text))]
}
