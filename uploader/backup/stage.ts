import { newSealer } from '../../shared/sealed/seal.ts'
import type { Session, StagedArtefact } from '../engines/engine.ts'
import { Measure } from '../sealing/measure.ts'
import type { IndexSpool } from '../staging/index-spool.ts'
import type { PackWriter } from '../staging/pack-writer.ts'

export interface Totals {
  artefacts: number
  sourceBytes: number
  sealedBytes: number
}

/**
 * One worker for each writer: pulls artefacts, seals them and appends them to its pack, until none is left. All packs but the first are ended, because
 * the index goes into that one.
 * @param onFailure called with the first error at once, so that the other workers are stopped before this rejects
 */
export async function stageArtefacts(options: {
  session: Session
  writers: readonly PackWriter[]
  recipients: readonly string[]
  spool: IndexSpool
  signal: AbortSignal
  onProgress(totals: Totals): void
  onFailure(error: unknown): void
}): Promise<Totals> {
  const { session, writers, recipients, spool, signal, onProgress, onFailure } = options
  const totals: Totals = { artefacts: 0, sourceBytes: 0, sealedBytes: 0 }
  const artefacts = session.artefacts()[Symbol.asyncIterator]()

  const stage = async (artefact: StagedArtefact, writer: PackWriter, sealer: ReturnType<typeof newSealer>) => {
    const { name, role, unit, order } = artefact
    const measure = new Measure()
    let sealedSize = 0
    let counted = 0
    for await (const piece of sealer(measure.of(artefact.read()))) {
      signal.throwIfAborted()
      await writer.write(piece)
      sealedSize += piece.length
      totals.sealedBytes += piece.length
      totals.sourceBytes += measure.size - counted
      counted = measure.size
      onProgress(totals)
    }
    totals.artefacts += 1
    const { size } = measure
    const line = { name, role, unit, size, sealedSize, sha256: measure.sha256(), extents: writer.takeExtents() }
    const { attributes } = artefact
    await spool.add(order, attributes ? { ...line, attributes } : line)
  }

  const work = async (writer: PackWriter, first: boolean) => {
    const sealer = newSealer(recipients)
    for (;;) {
      signal.throwIfAborted()
      const { done, value } = await artefacts.next()
      if (done) break
      await stage(value, writer, sealer)
    }
    if (!first) await writer.end()
  }

  const workers = writers.map((writer, i) =>
    work(writer, i === 0).catch(error => {
      onFailure(error)
      throw error
    }),
  )
  await Promise.allSettled(workers)
  try {
    await Promise.all(workers)
  } catch (error) {
    await artefacts.return?.()
    throw error
  }
  return totals
}
