import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const sources = join(import.meta.dirname, 'c')

export type Variant = 'whole' | 'without-archive'

/** What a release that is too old does not have: the function is there under another name. */
const flags: Record<Variant, string[]> = {
  whole: [],
  'without-archive': ['-DNSFDoneArchivingLog=NSFAnotherThing'],
}

/** `libnotes.so`, and the program that changes databases as a server would. Compiled once for each content of the sources. */
export async function buildNotes(variant: Variant = 'whole'): Promise<{ library: string; writer: string }> {
  const names = (await readdir(sources)).sort()
  const hash = createHash('sha256').update(variant)
  for (const name of names) hash.update(name).update(await readFile(join(sources, name)))
  const directory = join(tmpdir(), `failsafe-notes-${process.getuid?.()}-${hash.digest('hex').slice(0, 16)}`)
  const built = { library: join(directory, 'libnotes.so'), writer: join(directory, 'writer') }
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const files = (wanted: (name: string) => boolean) =>
    names.filter(name => name.endsWith('.c') && wanted(name)).map(name => join(sources, name))
  const common = [
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-D_GNU_SOURCE',
    '-Wno-format-truncation',
    '-Wno-stringop-truncation',
  ]
  await compile(built.library, [
    ...common,
    ...flags[variant],
    '-shared',
    '-fPIC',
    '-pthread',
    ...files(name => name !== 'writer.c'),
  ])
  const shared = ['world.c', 'journal.c', 'database.c', 'backups.c', 'log.c', 'writer.c']
  await compile(built.writer, [...common, ...files(name => shared.includes(name))])
  return built
}

/** Whole, or not at all: several tests may want it at once. */
async function compile(output: string, parameters: string[]): Promise<void> {
  if (await stat(output).catch(() => undefined)) return
  const next = `${output}.${process.pid}`
  await execute('gcc', ['-o', next, ...parameters])
  await rename(next, output)
}
