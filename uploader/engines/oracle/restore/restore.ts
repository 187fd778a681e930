import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../../../shared/failure.ts'
import type { RestoreContext, RestoreInput, RestoreReport } from '../../engine.ts'
import { filesOf } from './files.ts'
import { partRunbook, runbook } from './runbook.ts'
import { parametersHere, parametersSamePaths, placeScript, prepareScript, scriptsOf } from './scripts.ts'
import { reachOf } from './until.ts'

/** Scripts for SQL*Plus and RMAN, and what has to be done around them. A database cannot be started through a connection, so nothing is applied. */
export async function restore(input: RestoreInput, context: RestoreContext): Promise<RestoreReport> {
  if (input.apply)
    throw new Failure('restore-by-hand', 'An Oracle database is not restored through a connection', {
      why: 'only programs of its own start an instance and recover it',
      fix: 'Leave out --apply and --target, and follow RESTORE.md on the machine that it is restored on',
    })
  const reach = reachOf(input)
  if (reach.clockChanged)
    context.warn('clock-changed', 'the clock of the server was changed near this moment; the state may be an hour off')
  const files = await filesOf(input, reach.until)
  if (Array.isArray(files)) return { runbook: partRunbook(input, files), applied: false, notes: [] }
  const { parameters } = files
  const original = parameters === undefined ? '' : await readFile(join(input.directory, parameters), 'utf8')
  const place = placeScript(files)
  const scripts = [
    prepareScript(files),
    ...(place ? [place] : []),
    ...scriptsOf(files, reach.until),
    { name: 'init-restore.ora', content: parametersHere(files, original) },
    { name: 'init-same-paths.ora', content: parametersSamePaths(original) },
  ]
  return {
    runbook: runbook(
      input,
      files,
      reach,
      scripts.map(({ name }) => name),
    ),
    files: scripts,
    applied: false,
    notes: ['RESTORE.md says how these files become a database, with SQL*Plus or RMAN'],
  }
}
