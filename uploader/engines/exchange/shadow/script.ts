import { Failure } from '../../../../shared/failure.ts'
import type { Database, Volume } from '../inventory.ts'
import { specOf } from '../windows/volumes.ts'
import { exchangeWriter } from '../windows/writers.ts'

/** A volume whose copy is shown under a letter. */
export interface Exposure {
  volume: Volume
  alias: string
  /** `P:` */
  letter: string
}

export interface ScriptParts {
  /** Of the Exchange server, as its writer calls it. */
  server: string
  /** Of all writers but that of Exchange: a full backup of ours would be one for each of them. */
  otherWriters: readonly string[]
  taken: readonly Component[]
  /** Databases with files here that are not backed up: the end of the backup would truncate their logs too. */
  left: readonly Component[]
  exposures: readonly Exposure[]
  files: { metadata: string; hook: string }
}

export type Component = Pick<Database, 'guid'> & { passive: boolean }

/** Longer ones are beyond what diskshadow is known to take. */
const longestPath = 240

/**
 * The whole of a full backup, for `diskshadow /s`. Between `exec` and `end backup` the hook is held: where it ends badly, diskshadow stops, and nothing is truncated.
 * @throws Failure `exchange-path`
 */
export function backupScript({ server, otherWriters, taken, left, exposures, files }: ScriptParts): string {
  for (const path of Object.values(files)) requirePlain(path)
  return lines([
    'set verbose on',
    'set context persistent',
    `set metadata ${files.metadata}`,
    ...otherWriters.map(id => `writer exclude {${id}}`),
    ...left.map(each => `writer exclude "${componentOf(server, each)}"`),
    `writer verify {${exchangeWriter}}`,
    ...taken.map(each => `writer verify "${componentOf(server, each)}"`),
    'begin backup',
    ...exposures.map(({ volume, alias }) => `add volume ${specOf(volume)} alias ${alias}`),
    'create',
    ...exposures.map(({ alias, letter }) => `expose %${alias}% ${letter}`),
    `exec ${files.hook}`,
    'end backup',
    ...exposures.map(({ letter }) => `delete shadows exposed ${letter}`),
    'exit',
  ])
}

/** For one letter alone: diskshadow stops at the first command that fails. */
export function removalScript(shadow: { exposed: string } | { id: string }): string {
  return lines([
    'exposed' in shadow ? `delete shadows exposed ${shadow.exposed}` : `delete shadows id ${shadow.id}`,
    'exit',
  ])
}

/** What diskshadow starts. It knows the hook by its exit code alone. */
export function hookFile(command: readonly string[]): string {
  const quoted = command.map(part => `"${part.replaceAll('%', '%%')}"`).join(' ')
  return lines(['@echo off', quoted, 'exit /b %ERRORLEVEL%'])
}

/** As Microsoft's own tester of backups names a database. */
function componentOf(server: string, { guid, passive }: Component): string {
  const store = 'Microsoft Exchange Server\\Microsoft Information Store'
  return passive
    ? `Microsoft Exchange Replica Writer:\\${store}\\Replica\\${server}\\${guid}`
    : `Microsoft Exchange Writer:\\${store}\\${server}\\${guid}`
}

function lines(list: readonly string[]): string {
  return list.map(line => `${line}\r\n`).join('')
}

/** How diskshadow reads quotes is not documented. */
function requirePlain(path: string): void {
  const why = /[^\x21-\x7e]|["%]/.test(path)
    ? 'it holds a space, a quote, a percent sign or a letter beyond ASCII'
    : path.length > longestPath
      ? `it has ${path.length} characters, and ${longestPath} are the most`
      : undefined
  if (why === undefined) return
  throw new Failure('exchange-path', `diskshadow cannot be told of ${path}`, {
    why,
    fix: 'Set staging.dir in failsafe.yaml to a short path without spaces, such as D:\\failsafe',
  })
}
