import { delimiter } from 'node:path'
import type { Instance } from '../place/instance.ts'

/** What the Notes library and a program in general look at: nothing that may hold a password of another source. */
const kept = /^(PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|TMP|TEMP|SystemRoot|windir|ProgramData|FAILSAFE_ADDONS)$/i

/** Set before the process starts: a library finds its others by it. */
export function environmentFor(
  { program, data }: Pick<Instance, 'program' | 'data'>,
  own: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const environment = Object.fromEntries(Object.entries(own).filter(([name]) => kept.test(name)))
  const pathName = Object.keys(environment).find(name => name.toUpperCase() === 'PATH') ?? 'PATH'
  return {
    ...environment,
    Notes_ExecDirectory: program,
    LD_LIBRARY_PATH: program,
    [pathName]: [program, data, environment[pathName]].filter(Boolean).join(delimiter),
  }
}
