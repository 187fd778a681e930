import { createHash } from 'node:crypto'
import { Failure } from '../../shared/failure.ts'
import type { IndexLine, Manifest } from '../../shared/manifest.ts'
import { release } from '../../shared/sealed/release.ts'
import { newSealer } from '../../shared/sealed/seal.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'
import { Measure } from '../sealing/measure.ts'
import type { PackWriter } from '../staging/pack-writer.ts'

/** Appends the sealed index. `size` is of its JSON lines, `sealedSize` of what is stored. */
export async function writeIndex(
  lines: AsyncIterable<IndexLine>,
  recipients: readonly string[],
  writer: PackWriter,
): Promise<Manifest['index'] & { sealedSize: number }> {
  const measure = new Measure()
  let sealedSize = 0
  for await (const piece of newSealer(recipients)(measure.of(bytesOf(lines)))) {
    await writer.write(piece)
    sealedSize += piece.length
  }
  return { extents: writer.takeExtents(), size: measure.size, sha256: measure.sha256(), sealedSize }
}

/** Appends the unit list, which the receiver reads: it is not sealed. */
export async function writeUnits(units: UnitEntry[], writer: PackWriter): Promise<Manifest['units']> {
  if (units.length === 0)
    throw new Failure('nothing-to-back-up', 'There is nothing to back up', { why: 'the source named no unit' })
  const bytes = Buffer.from(units.map(unit => `${JSON.stringify(unit)}\n`).join(''))
  await writer.write(bytes)
  const sha256 = createHash('sha256').update(bytes).digest('base64')
  return { extents: writer.takeExtents(), count: units.length, sha256 }
}

/** A chunk is valid until the next is asked for. */
async function* bytesOf(lines: AsyncIterable<IndexLine>): AsyncGenerator<Uint8Array, void, undefined> {
  let text = ''
  for await (const line of lines) {
    text += `${JSON.stringify(line)}\n`
    if (text.length < 64 * 1024) continue
    const chunk = Buffer.from(text)
    yield chunk
    release(chunk)
    text = ''
  }
  if (text !== '') yield Buffer.from(text)
}
