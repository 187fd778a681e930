import { Failure } from '../../../../shared/failure.ts'
import type { Ended } from './child.ts'

/** Words of the programs for a redo log that the server wrote over before it was copied. */
const redoLost = /innodb_log_file_size|wrapped around|overwritten|log block numbers mismatch/i

/** What the end of a backup program means that did not complete. */
export function explainEnd(program: string, { by, lines }: Ended): Failure {
  const said = lines.join(' | ')
  const why = `it ended with ${by}${said && `, and said: ${said}`}`
  const missing = /missing required privilege (.+?) on/.exec(said)?.[1]
  if (missing !== undefined)
    return new Failure('mysql-missing-right', `The account lacks the right ${missing} on all databases`, {
      why: `${program} refuses to run without it`,
      fix: `Run as an administrator: GRANT ${missing} ON *.* TO the account of the source`,
    })
  if (redoLost.test(said))
    return new Failure('mysql-physical-redo-lost', `${program} could not keep up with the redo log of the server`, {
      why,
      fix: 'Raise innodb_log_file_size (MySQL: innodb_redo_log_capacity) on the server, or staging.maxBytes so that the copy need not wait for the upload',
      retriable: true,
    })
  return new Failure('mysql-physical-failed', `${program} did not complete the backup`, {
    why,
    fix: 'Put right what it says, and run the backup again',
    retriable: true,
  })
}
