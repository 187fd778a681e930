import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../../../shared/failure.ts'

/** What the program says of a backup that it completed. */
export interface Result {
  /** Where the copy began, 0 for a full, and where a differential on it begins. */
  fromLsn: string
  toLsn: string
  log: { file: string; offset: string } | null
  gtid: string | null
}

/** The two small files that the program writes beside its stream; their names changed with MariaDB 11. */
const wanted = [/^(?:xtrabackup|mariadb_backup)_(checkpoints)$/, /^(?:xtrabackup|mariadb_backup)_(info)$/]

/** @returns names and contents. @throws Failure `mysql-physical-unclear` where one is missing */
export async function readNotes(directory: string): Promise<{ name: string; content: Buffer }[]> {
  const names = await readdir(directory)
  return Promise.all(
    wanted.map(async pattern => {
      const name = names.find(each => pattern.test(each))
      if (name === undefined) throw unclear(`it left no file like ${pattern.source}`)
      return { name, content: await readFile(join(directory, name)) }
    }),
  )
}

/** @throws Failure `mysql-physical-unclear` */
export function parseNotes(notes: readonly { content: Buffer }[]): Result {
  const text = notes.map(({ content }) => content.toString()).join('\n')
  const field = (name: string) => new RegExp(`^${name} = (.*)$`, 'm').exec(text)?.[1]
  const [fromLsn, toLsn] = [field('from_lsn'), field('to_lsn')]
  if (fromLsn === undefined || toLsn === undefined || !/^\d+$/.test(fromLsn) || !/^\d+$/.test(toLsn))
    throw unclear('it does not say from which LSN to which it copied')
  // A set of GTIDs may go over several lines.
  const position = /^binlog_pos = filename '(.+?)', position '(\d+)'(?:, GTID of the last change '([^']*)')?/m.exec(
    text,
  )
  const [, file, offset, gtid] = position ?? []
  return {
    fromLsn,
    toLsn,
    log: file !== undefined && offset !== undefined ? { file, offset } : null,
    gtid: gtid?.replaceAll('\n', '') || null,
  }
}

function unclear(why: string): Failure {
  return new Failure('mysql-physical-unclear', 'The backup program does not say what it has copied', {
    why,
    fix: 'Set method: logical, and tell the provider the version of the program',
  })
}
