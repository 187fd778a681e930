import { copyFile, mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { UnitEntry } from '../../shared/snapshot.ts'
import type { RestoreInput, Session, StagedArtefact } from '../../uploader/engines/engine.ts'

type MaybeAsync = void | Promise<void>

/** An artefact that was staged whole, and where it lies. */
export interface WholeFile {
  artefact: Pick<StagedArtefact, 'name' | 'unit' | 'attributes' | 'resumeKey'>
  path: string
  size: number
}

export interface StageHooks {
  /** By their `resumeKey`: what is not read again. */
  kept?: ReadonlyMap<string, WholeFile> | undefined
  /** Before an artefact is read. */
  before?: ((artefact: StagedArtefact) => MaybeAsync) | undefined
  /** All of it lies at a path now. */
  onWhole?: ((file: WholeFile) => MaybeAsync) | undefined
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
  { kept, before, onChunk, onWhole }: StageHooks = {},
): Promise<{ units: UnitEntry[]; files: RestoreInput['files'] }> {
  const staged: { artefact: StagedArtefact; size: number }[] = []
  const artefacts = session.artefacts()[Symbol.asyncIterator]()
  const consume = async () => {
    for (let next = await artefacts.next(); !next.done; next = await artefacts.next()) {
      const artefact = next.value
      const earlier = kept?.get(artefact.resumeKey ?? '')
      if (earlier?.artefact.name === artefact.name) {
        const { attributes = {} } = earlier.artefact
        await copy(earlier.path, join(directory, folder, artefact.name))
        staged.push({ artefact: { ...artefact, attributes }, size: earlier.size })
        continue
      }
      await before?.(artefact)
      const { size, path } = await write(join(directory, folder), artefact, onChunk)
      staged.push({ artefact, size })
      await onWhole?.({ artefact, path, size })
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

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await copyFile(from, to)
}

async function write(
  directory: string,
  artefact: StagedArtefact,
  onChunk: StageHooks['onChunk'],
): Promise<{ path: string; size: number }> {
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
  return { path, size }
}
