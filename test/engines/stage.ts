import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { UnitEntry } from '../../shared/snapshot.ts'
import type { RestoreInput, Session, StagedArtefact } from '../../uploader/engines/engine.ts'

type MaybeAsync = void | Promise<void>

export interface StageHooks {
  /** Before an artefact is read. */
  before?: ((artefact: StagedArtefact) => MaybeAsync) | undefined
  onChunk?: ((artefact: StagedArtefact, chunk: Uint8Array) => MaybeAsync) | undefined
}

/**
 * All artefacts of a session into plain files, as the uploader would take them: `concurrency` consumers pull them at once.
 * @param folder below `directory`, and in the names of the files
 * @returns the files in restore order
 */
export async function stage(
  session: Session,
  concurrency: number,
  { directory, folder = '' }: { directory: string; folder?: string },
  { before, onChunk }: StageHooks = {},
): Promise<{ units: UnitEntry[]; files: RestoreInput['files'] }> {
  const staged: { artefact: StagedArtefact; size: number }[] = []
  const artefacts = session.artefacts()[Symbol.asyncIterator]()
  const consume = async () => {
    for (let next = await artefacts.next(); !next.done; next = await artefacts.next()) {
      await before?.(next.value)
      staged.push({ artefact: next.value, size: await write(join(directory, folder), next.value, onChunk) })
    }
  }
  const consumers = await Promise.allSettled(Array.from({ length: concurrency }, consume))
  for (const consumer of consumers) if (consumer.status === 'rejected') throw consumer.reason
  const units = session.units()
  staged.sort((a, b) => a.artefact.order - b.artefact.order)
  const files = staged.map(({ artefact: { name, role, unit, attributes = {} }, size }) => ({
    name: folder === '' ? name : `${folder}/${name}`,
    role,
    unit,
    size,
    attributes,
  }))
  return { units, files }
}

async function write(directory: string, artefact: StagedArtefact, onChunk: StageHooks['onChunk']): Promise<number> {
  const path = join(directory, ...artefact.name.split('/'))
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, 'wx')
  let size = 0
  try {
    for await (const chunk of artefact.read()) {
      await file.write(chunk)
      size += chunk.length
      await onChunk?.(artefact, chunk)
    }
  } finally {
    await file.close()
  }
  return size
}
