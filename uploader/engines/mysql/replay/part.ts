import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import type { RestoreInput } from '../../engine.ts'
import { foreignKeysIn } from '../definitions/foreign-keys.ts'
import type { LaidOut } from '../restore/files.ts'
import { namesIn } from '../restore/names.ts'
import { exactly } from '../selection/pattern.ts'
import { isEverything, recordedChoice } from '../selection/record.ts'
import { Selection } from '../selection/selection.ts'
import { Filter, type Reference } from './filter.ts'
import { fullAlone } from './runbook.ts'

/** What of the logs belongs to what is restored; undefined where that is everything. */
export async function filterOf(input: RestoreInput, files: LaidOut[]): Promise<Filter | undefined> {
  const full = input.snapshots.find(({ kind }) => kind === 'full')?.units[0]
  const recorded = recordedChoice(full)
  if (input.only === undefined && isEverything(recorded)) return undefined
  const choice =
    input.only === undefined ? recorded : { include: await chosenBy(input.only, input, files), exclude: [] }
  const selection = new Selection(choice, Number(full?.info?.lowerCaseTableNames ?? 0))
  const ofServer = input.only === undefined || files.some(({ stage }) => stage === 'accounts')
  return new Filter(selection, ofServer, await referencesIn(files))
}

/** The very tables that are among the files with their rows, and databases of which any table's files would be: no table is called `~any` in a file's name. */
async function chosenBy(only: string, input: RestoreInput, files: LaidOut[]) {
  const whole = new Set<string>()
  for (const { name, attributes } of fullAlone(input).input.files)
    if (
      attributes.stage === 'databases' &&
      posix.matchesGlob(name.replace(/-schema-create\.sql$/, '.~any-schema.sql'), only)
    )
      whole.add(attributes.database!)
  const key = ({ database, table }: LaidOut) => JSON.stringify([database, table])
  const filled = new Set(files.filter(({ stage }) => stage === 'rows').map(key))
  const names = await namesIn(files.filter(file => file.stage !== 'tables' || filled.has(key(file))))
  return [
    ...[...whole].map(database => exactly(database, null)),
    ...names.flatMap(({ name, ofDatabase }) => (ofDatabase === undefined ? [] : [exactly(ofDatabase, name)])),
  ]
}

async function referencesIn(files: LaidOut[]): Promise<Reference[]> {
  const references: Reference[] = []
  for (const { stage, database, table, path } of files) {
    if (stage !== 'tables' || database === undefined || table === undefined) continue
    for (const { parent, cascades } of foreignKeysIn(await readFile(path, 'utf8')))
      references.push({
        child: { database, name: table },
        parent: { database: parent.database ?? database, name: parent.name },
        cascades,
      })
  }
  return references
}
