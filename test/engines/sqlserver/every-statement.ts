import * as backup from '../../../uploader/engines/sqlserver/statements/backup.ts'
import * as discovery from '../../../uploader/engines/sqlserver/statements/discovery.ts'
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
          { database: 'D', file: 'F', set: 'S', description: 'T' },
        ),
      ),
    ),
  ),
)

const moves = [{ logical: 'L', to: 'P' }]
const of = { database: 'D', file: 'F', moves }
const plain = { ...of, moves: [] }

/** What restores say, with one MOVE for what may be several. */
const restores: Statement[] = [
  ...both.flatMap(replace => [restore.restoreData(plain, replace), restore.restoreData(of, replace)]),
  ...[null, 'T'].flatMap(stopAt => [restore.restoreLog(plain, stopAt), restore.restoreLog(of, stopAt)]),
  restore.recover('D'),
  restore.stateOf('D'),
  restore.defaultPaths,
  restore.alone('D'),
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
    backup.fileList('F'),
    backup.probe('F'),
    ...[11, 12, 16].map(major => headerHistory(major, 'F')),
    ...restores,
  ]
  return [...new Set(statements.map(({ text }) => text))]
}
