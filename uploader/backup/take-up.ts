import { Failure } from '../../shared/failure.ts'
import type { Receiver } from '../receiver/receiver.ts'
import type { Budget } from '../staging/budget.ts'
import { holds } from '../staging/check-file.ts'
import type { RunDirectory } from '../staging/directory.ts'
import type { StagedPart } from '../staging/pack-writer.ts'
import type { LaidPack } from '../staging/remains.ts'
import { removeFile } from '../staging/remove-file.ts'
import type { Unsynced } from '../staging/unsynced.ts'
import type { Upload } from '../transfer/upload.ts'
import type { Opened } from './backup.ts'

/**
 * Hands the parts that a process before this one has staged to the upload. What the storage has is not sent again, whatever the journal says: the storage knows
 * better. Everything else is checked against its hash first. A pack ends with its last staged part.
 * @throws Failure `part-lost` for a part that is neither in the storage nor whole on this disk
 */
export async function takeUp(
  packs: readonly LaidPack[],
  to: {
    receiver: Pick<Receiver, 'packParts'>
    opened: Pick<Opened, 'snapshot' | 'lease'>
    directory: RunDirectory
    budget: Budget
    unsynced: Unsynced
    upload: Upload
    signal: AbortSignal
  },
): Promise<void> {
  const { receiver, opened, directory, budget, unsynced, upload, signal } = to
  for (const { n, parts, complete } of packs) {
    if (complete) {
      upload.adoptPack(complete)
      continue
    }
    const there = await receiver.packParts(opened.snapshot, n, opened.lease.token)
    // Of an upload that is over the storage lists no parts: that it is these is found out when it is completed once more.
    const over = there.state === 'complete' || there.state === 'closed'
    const stored = new Map(there.parts.map(part => [part.number, part]))
    for (const [i, { size, digest }] of parts.entries()) {
      signal.throwIfAborted()
      const part: StagedPart = { pack: n, number: i + 1, size, digest, path: directory.part(n, i + 1) }
      const found = stored.get(part.number)
      if (over || (found?.size === size && found.sha256 === digest.toString('base64'))) {
        await removeFile(part.path)
        upload.adopt(part)
      } else {
        if (!(await holds(part.path, size, digest))) throw partLost(part)
        await budget.acquire(signal)
        unsynced.add(part.path)
        upload.add(part)
      }
    }
    upload.endPack(n, parts.length)
  }
}

function partLost({ pack, number }: StagedPart): Failure {
  return new Failure(
    'part-lost',
    `Part ${number} of pack ${pack} is neither at the provider nor whole in the staging directory`,
    {
      why: 'it was removed or changed since it was staged',
      fix: 'See that nothing else cleans up the staging directory, and check its disk',
    },
  )
}
