import type { IndexLine } from '../../shared/manifest.ts'
import { newSealer, type Sealer } from '../../shared/sealed/seal.ts'
import type { Session, StagedArtefact } from '../engines/engine.ts'
import { keptOf } from '../engines/kept-of.ts'
import { faultPoint } from '../fault-point.ts'
import { Measure } from '../sealing/measure.ts'
import type { IndexSpool } from '../staging/index-spool.ts'
import type { PackWriter } from '../staging/pack-writer.ts'
import type { Kept } from './kept.ts'

export interface Totals {
  artefacts: number
  sourceBytes: number
  sealedBytes: number
}

/**
 * One worker for each writer: pulls artefacts, seals them and appends them to its pack, until none is left. All packs but the first are ended, because
 * the index goes into that one. What is `kept` from a process before this one is not read again.
 * @param onWhole called after an artefact with a resume key, before its worker takes the next one: so no more than one for each worker is read again after a kill
 * @param onFailure called with the first error at once, so that the other workers are stopped before this rejects
 */
export async function stageArtefacts(options: {
  session: Session
  writers: readonly PackWriter[]
  recipients: readonly string[]
  spool: IndexSpool
  kept: Kept
  signal: AbortSignal
  onWhole(resumeKey: string, line: IndexLine, writer: PackWriter): Promise<void>
  onProgress(totals: Totals): void
  onFailure(error: unknown): void
}): Promise<Totals> {
  const { session, writers, recipients, spool, kept, signal, onWhole, onProgress, onFailure } = options
  const totals: Totals = { artefacts: 0, sourceBytes: 0, sealedBytes: 0 }
  const artefacts = session.artefacts()[Symbol.asyncIterator]()
  const told = (error: unknown) => {
    onFailure(error)
    throw error
  }

  const stage = async (artefact: StagedArtefact, writer: PackWriter, seal: Sealer) => {
    const { name, role, unit, order, resumeKey } = artefact
    faultPoint('artefact-begun')
    // Told as it is read: long runs of what compresses well are sealed to nothing, and yet take their time.
    const measure = new Measure(bytes => {
      totals.sourceBytes += bytes
      onProgress(totals)
    })
    let sealedSize = 0
    for await (const piece of seal(measure.of(artefact.read()))) {
      signal.throwIfAborted()
      // Here, before the reading is ended: another worker may wait for the end of what is read, and would be the first to fail.
      await writer.write(piece).catch(told)
      sealedSize += piece.length
      totals.sealedBytes += piece.length
    }
    totals.artefacts += 1
    const { size } = measure
    const line = { name, role, unit, size, sealedSize, sha256: measure.sha256(), extents: writer.takeExtents() }
    const { attributes } = artefact
    const whole = attributes ? { ...line, attributes } : line
    await spool.add(order, whole)
    if (resumeKey !== undefined) await onWhole(resumeKey, whole, writer)
    faultPoint('artefact-ended')
  }

  const keep = async ({ order }: StagedArtefact, line: IndexLine) => {
    totals.artefacts += 1
    totals.sourceBytes += line.size
    totals.sealedBytes += line.sealedSize
    onProgress(totals)
    await spool.add(order, line)
  }

  const work = async (writer: PackWriter, first: boolean) => {
    const sealer = newSealer(recipients)
    for (;;) {
      signal.throwIfAborted()
      const { done, value } = await artefacts.next()
      if (done) break
      const seal = value.alone ? newSealer(recipients, { wide: true }) : sealer
      const line = keptOf(kept, value)
      await (line ? keep(value, line) : stage(value, writer, seal))
    }
    if (!first) await writer.end()
  }

  const workers = writers.map((writer, i) => work(writer, i === 0).catch(told))
  await Promise.allSettled(workers)
  try {
    await Promise.all(workers)
  } catch (error) {
    await artefacts.return?.()
    throw error
  }
  return totals
}
