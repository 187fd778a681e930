import type { StagedArtefact } from '../../engine.ts'

/** What became of one database in a run. */
export interface Result {
  database: string
  result: 'backed-up' | 'unchanged' | 'left-out' | 'failed'
  /** Of what was backed up. */
  kind?: string
  file?: string
  /** Why it was not, or why it is of another kind than the run's. */
  reason?: string
}

/** A line for every database of the server, whatever became of it: nothing is left out silently. */
export function resultsArtefact(results: readonly Result[]): StagedArtefact {
  const lines = results.map(result => `${JSON.stringify(result)}\n`).join('')
  return {
    name: 'databases.jsonl',
    role: 'file',
    unit: 'server',
    order: Number.MAX_SAFE_INTEGER,
    async *read() {
      yield Buffer.from(lines)
    },
  }
}
