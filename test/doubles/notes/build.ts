import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)
export const sources = join(import.meta.dirname, 'c')

export type Variant = 'whole' | 'without-archive'

/** The library, and the program that changes databases as a server would. */
export interface Built {
  library: string
  writer: string
}

/** What a release that is too old does not have: the function is there under another name. */
const flags: Record<Variant, string[]> = {
  whole: [],
  'without-archive': ['-DNSFDoneArchivingLog=NSFAnotherThing'],
}

const strict = ['-O2', '-Wall', '-Wextra', '-Werror', '-Wno-format-truncation', '-Wno-stringop-truncation', '-pthread']

/** Of gcc, and of mingw's for Windows. */
const systems = {
  linux: { layer: 'posix.c', common: [...strict, '-D_GNU_SOURCE'], library: ['-fPIC'] },
  windows: {
    layer: 'windows.c',
    common: [...strict, '-D_FILE_OFFSET_BITS=64', '-D__USE_MINGW_ANSI_STDIO=1', '-static'],
    library: [],
  },
}

/** What the compiler of a system is told, in the folder of the sources, but for where its output goes. */
export async function parametersFor(
  system: keyof typeof systems,
  variant: Variant = 'whole',
): Promise<{ library: string[]; writer: string[] }> {
  const { layer, common, library } = systems[system]
  const others = Object.values(systems).flatMap(other => (other.layer === layer ? [] : [other.layer]))
  const files = (await readdir(sources)).filter(name => name.endsWith('.c') && !others.includes(name)).sort()
  const shared = ['world.c', 'journal.c', 'database.c', 'backups.c', 'log.c', 'writer.c', layer]
  return {
    library: [...common, ...flags[variant], '-shared', ...library, ...files.filter(name => name !== 'writer.c')],
    writer: [...common, ...shared],
  }
}

/** For Linux. Compiled once for each content of the sources. */
export async function buildNotes(variant: Variant = 'whole'): Promise<Built> {
  const parameters = await parametersFor('linux', variant)
  const hash = createHash('sha256').update(JSON.stringify(parameters))
  for (const name of (await readdir(sources)).sort()) hash.update(name).update(await readFile(join(sources, name)))
  const directory = join(tmpdir(), `failsafe-notes-${process.getuid?.()}-${hash.digest('hex').slice(0, 16)}`)
  const built = { library: join(directory, 'libnotes.so'), writer: join(directory, 'writer') }
  await mkdir(directory, { recursive: true, mode: 0o755 })
  await compile(built.library, parameters.library)
  await compile(built.writer, parameters.writer)
  return built
}

/** Whole, or not at all: several tests may want it at once. */
async function compile(output: string, parameters: string[]): Promise<void> {
  if (await stat(output).catch(() => undefined)) return
  const next = `${output}.${process.pid}`
  await execute('gcc', ['-o', next, ...parameters], { cwd: sources })
  await rename(next, output)
}
