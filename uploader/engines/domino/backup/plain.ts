import { messageOf } from '../../../../shared/failure.ts'
import type { BackupContext, StagedArtefact } from '../../engine.ts'
import type { Found } from '../place/walk.ts'
import type { OpenFiles } from './files.ts'
import type { Make } from './in-order.ts'

/** Files that are no databases, as they are. One that is gone since is none any more, and one that may not be read is warned of. */
export async function* takeFiles(
  found: Iterable<Found>,
  files: OpenFiles,
  make: Make,
  warn: BackupContext['warn'],
): AsyncGenerator<StagedArtefact, void, undefined> {
  for (const { file, path, name, size } of found) {
    const handle = await files.open(file).catch(error => {
      warn('file-unreadable', `${path} was not backed up: ${messageOf(error.cause ?? error)}`)
    })
    if (handle) yield make(name, 'file', { path }, () => files.read(handle, file, size))
  }
}
