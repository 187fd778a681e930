import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../../../shared/failure.ts'
import type { RestoreInput } from '../../engine.ts'
import { restoreStages, type Stage } from '../dump/order.ts'
import type { ScriptEnd } from '../sql/script.ts'
import { readScriptEnd } from '../sql/script-reader.ts'

/** An artefact that was laid out, with what its last line says. */
export interface LaidOut extends ScriptEnd {
  name: string
  path: string
  stage: Stage
  size: number
  database: string | undefined
  table: string | undefined
}

/** @throws Failure `artefact-incomplete` for a file that does not end as ours do */
export async function readFiles(input: RestoreInput): Promise<LaidOut[]> {
  const files: LaidOut[] = []
  for (const { name, size, attributes } of input.files) {
    const stage = restoreStages.find(candidate => candidate === attributes.stage)
    const path = join(input.directory, ...name.split('/'))
    const file = await open(path)
    try {
      const end = await readScriptEnd(file)
      if (!end || !stage)
        throw new Failure('artefact-incomplete', `${name} does not end as a backup of MySQL ends`, {
          why: 'it was cut off or is not one of its files',
          fix: 'Restore the files again, into an empty directory',
        })
      files.push({ name, path, stage, size, database: attributes.database, table: attributes.table, ...end })
    } finally {
      await file.close()
    }
  }
  return files
}
