import type { BackupContext } from '../../engine.ts'
import { text, textOrNull } from '../../row.ts'
import type { Server } from '../connection/server.ts'
import type { Verdict } from '../plan/judge.ts'
import { namesOf } from '../plan/words.ts'
import { certificates } from '../statements/discovery.ts'

/** The key of an encrypted database is in none of its backups. */
export async function warnOfEncryption(
  server: Server,
  verdicts: Verdict[],
  warn: BackupContext['warn'],
): Promise<void> {
  const encrypted = verdicts.flatMap(({ how, database }) =>
    how === 'take' && database.encrypted ? [database.name] : [],
  )
  if (encrypted.length === 0) return
  const rows = await server.query(certificates)
  const keys = new Map(rows.map(row => [text(row, 'database_name'), row]))
  const named = encrypted.map(database => {
    const row = keys.get(database)
    const certificate = row && textOrNull(row, 'certificate_name')
    if (!row || !certificate) return `${database} (its certificate is not seen)`
    const saved = textOrNull(row, 'key_saved')
    return `${database} (certificate ${certificate}, its key ${saved === null ? 'never saved' : `saved ${saved.slice(0, 10)}`})`
  })
  warn(
    'certificate-not-included',
    `${namesOf(named)}: encrypted (TDE), and no backup holds the certificate, without which nothing can be restored on another server. Keep what BACKUP CERTIFICATE … WITH PRIVATE KEY writes in a safe place`,
  )
}
