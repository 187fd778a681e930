/**
 * `node scripts/lock/complete.ts`, after `npm install`: writes entries for the packages of other platforms that npm left out.
 *
 * A registry that mirrors only what its own platform needs does not have them, so npm drops them from the lock, and then `npm ci` refuses the
 * lock as incomplete. An entry needs only a version and its platform: npm skips it everywhere else.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Entry, LockFile, resolve } from './lock-file.ts'

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64']

export interface Missing {
  name: string
  version: string
  dev: boolean
  optional: boolean
}

/** Packages that the lock's own entries want and that it does not have. */
export function missing(lock: LockFile): Missing[] {
  const found: Missing[] = []
  for (const [path, entry] of Object.entries(lock.packages)) {
    const optional = new Set(Object.keys(entry.optionalDependencies ?? {}))
    for (const [name, version] of Object.entries({ ...entry.dependencies, ...entry.optionalDependencies }))
      if (!resolve(lock, path, name))
        found.push({ name, version, dev: entry.dev ?? false, optional: optional.has(name) })
  }
  return found
}

/** The entry of an optional package that is for one platform, which is read from its name (`@scope/tool-linux-arm64-musl`). */
export function entryFor({ name, version, dev, optional }: Missing): Entry {
  const words = name.split(/[/-]/)
  const os = systems.find(system => words.includes(system))
  const cpu = processors.find(processor => words.includes(processor))
  if (!optional || !os || !cpu || !/^\d+\.\d+\.\d+$/.test(version))
    throw new Error(`${name}@${version} is missing from package-lock.json: run npm install`)
  const libc = os !== 'linux' ? undefined : words.at(-1)?.startsWith('musl') ? 'musl' : 'glibc'
  return { version, cpu: [cpu], ...(dev ? { dev } : {}), ...(libc ? { libc: [libc] } : {}), optional, os: [os] }
}

if (import.meta.main) {
  const file = join(import.meta.dirname, '../../package-lock.json')
  // Only what is added changes: the text that npm wrote is kept as it is, in its order.
  const written = JSON.parse(await readFile(file, 'utf8'))
  const added = missing(LockFile.parse(written))
  for (const one of added) written.packages[`node_modules/${one.name}`] = entryFor(one)
  const paths = Object.keys(written.packages).sort((a, b) => a.localeCompare(b, 'en'))
  written.packages = Object.fromEntries(paths.map(path => [path, written.packages[path]]))
  if (added.length > 0) await writeFile(file, `${JSON.stringify(written, null, 2)}\n`)
  console.log(`${added.length} packages of other platforms were added to package-lock.json`)
}
