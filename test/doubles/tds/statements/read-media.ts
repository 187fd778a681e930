import type { Media, StoredSet } from '../bak/media.ts'
import { readSet } from '../bak/read.ts'
import type { Statement } from '../language/syntax.ts'
import { releaseOf } from '../model/edition.ts'
import { message } from '../model/messages.ts'
import { checksumRules, readRules } from '../model/rules/media.ts'
import { check } from '../model/rules/rule.ts'
import { refused, terminating } from '../model/sql-error.ts'
import type { Device } from './device.ts'
import type { Execution } from './execution.ts'
import { fileList, headers, label } from './headers.ts'
import { openMedia } from './media-in.ts'
import { Options } from './options.ts'
import { Progress } from './progress.ts'

type Restore = Extract<Statement, { kind: 'restore' }>

/** How 3013 names the statements that only read. */
const names = {
  HEADERONLY: 'RESTORE HEADERONLY',
  FILELISTONLY: 'RESTORE FILELIST',
  VERIFYONLY: 'VERIFY DATABASE',
  LABELONLY: 'RESTORE LABELONLY',
}

/** RESTORE HEADERONLY, FILELISTONLY, LABELONLY and VERIFYONLY. @returns the rows that were sent */
export async function readBackup(
  statement: Restore,
  what: keyof typeof names,
  execution: Execution,
): Promise<number | null> {
  try {
    return await read(statement, what, execution)
  } catch (error) {
    throw terminating(names[what], error)
  }
}

async function read(statement: Restore, what: keyof typeof names, execution: Execution): Promise<number | null> {
  const { instance, visitor, output } = execution
  check(readRules, { login: visitor.login })
  const options = new Options(statement.options, execution)
  visitor.request!.command = `RESTORE ${what}`
  await using opened = await openMedia(statement.devices, execution)
  const { device, source, media } = opened
  const { major } = instance.release
  switch (what) {
    case 'HEADERONLY': {
      const result = headers(media.sets, major, each => releaseOf(each).database)
      output.result(result)
      return result.rows.length
    }
    case 'FILELISTONLY': {
      const result = fileList(chosen(media, options, device).set, major)
      output.result(result)
      return result.rows.length
    }
    case 'LABELONLY':
      output.result(label(media.name, media.sets[0]!.set))
      return 1
    case 'VERIFYONLY': {
      const stored = chosen(media, options, device)
      check(checksumRules, { checksum: options.has('CHECKSUM'), checksums: stored.set.checksums })
      const progress = new Progress(execution, options.stats, sizeOf(stored))
      await readSet(source, stored, !options.has('NO_CHECKSUM'), bytes => progress.at(bytes)).catch(error => {
        throw device.unreadable(error, refused(3189))
      })
      await progress.end()
      output.message(message(3262, stored.position))
      return null
    }
  }
}

/** The set that FILE names; the first without it. @throws SqlError 3241 */
export function chosen(media: Media, options: Options, device: Device): StoredSet {
  const position = options.number('FILE') ?? 1
  const found = media.sets.find(each => each.position === position)
  if (!found) throw refused(3254, device.name)
  return found
}

/** Bytes in the file. */
export function sizeOf(stored: StoredSet): number {
  return stored.extents.reduce((sum, extent) => sum + extent.length, 0)
}
