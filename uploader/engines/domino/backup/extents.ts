import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { Failure } from '../../../../shared/failure.ts'
import type { StagedArtefact } from '../../engine.ts'
import { unlessAborted } from '../../unless-aborted.ts'
import type { Coverage } from './coverage.ts'
import type { OpenFiles } from './files.ts'
import type { Make } from './in-order.ts'

/** What an extent has at most. */
const extentSize = 64 * 1024 * 1024

/**
 * The extents of a run. Returns when all of them were read: so long nobody else may archive.
 * @param onOwned told of each that Domino may use again once it is committed, with its SHA-256 in base64
 */
export async function* takeExtents(
  { covered, extents, active }: Coverage,
  { files, make, signal }: { files: OpenFiles; make: Make; signal: AbortSignal },
  onOwned: (number: number, hash: string) => void,
): AsyncGenerator<StagedArtefact, void, undefined> {
  const reading: Promise<void>[] = []
  for (const { logId, number, path, closed } of [...extents, ...(active ? [active] : [])]) {
    const handle = await files.open(path)
    if (!handle)
      throw new Failure('domino-extent', `Extent ${number} of the transaction log is not where Domino says`, {
        why: `there is no ${path}`,
        fix: 'See that this machine is the one that the server runs on',
      })
    const { promise, resolve } = Promise.withResolvers<void>()
    reading.push(promise)
    const name = `log/${logId}/${String(number).padStart(10, '0')}${closed ? '' : '.partial'}.TXN`
    const attributes = {
      logId,
      number: String(number),
      closed: String(closed),
      file: basename(path.replaceAll('\\', '/')),
    }
    const plain = files.read(handle, path, extentSize)
    yield make(name, 'log', attributes, async function* () {
      const hash = createHash('sha256')
      for await (const chunk of plain) {
        hash.update(chunk)
        yield chunk
      }
      if (closed && covered?.owns) onOwned(number, hash.digest('base64'))
      resolve()
    })
  }
  await unlessAborted(signal, () => Promise.all(reading))
}
