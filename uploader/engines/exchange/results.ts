import type { StagedArtefact } from '../engine.ts'

/** A document about the whole snapshot, in plain JSON, that comes last: nothing is left out silently. */
export function resultsArtefact(name: string, content: object): StagedArtefact {
  return {
    name,
    role: 'file',
    unit: 'server',
    order: Number.MAX_SAFE_INTEGER,
    async *read() {
      yield Buffer.from(`${JSON.stringify(content, null, 2)}\n`)
    },
  }
}
