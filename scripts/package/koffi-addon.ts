import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Plugin } from 'esbuild'
import { fetchPackage, lockedIntegrity } from './fetch-package.ts'
import type { Target } from './targets.ts'

const execute = promisify(execFile)

/** koffi's CommonJS entry, with our own loader of its native part: that one is an asset of the single file (inject.ts). */
export function koffiInSingleFile(root: string): Plugin {
  return {
    name: 'koffi-in-single-file',
    setup(build) {
      build.onResolve({ filter: /^koffi$/ }, () => ({ path: join(root, 'node_modules/koffi/src/koffi/index.cjs') }))
      build.onResolve({ filter: /\/static\.cjs$/ }, () => ({
        path: join(root, 'uploader/engines/domino/notes/unpack-addon.ts'),
      }))
    },
  }
}

/** The npm package that holds koffi's native part for a target. */
export function addonPackage(target: Pick<Target, 'os' | 'arch'>): string {
  return `@koromix/koffi-${systemOf(target)}-${target.arch}`
}

const systemOf = ({ os }: Pick<Target, 'os'>) => (os === 'win' ? 'win32' : os)

/** The native part of a target, out of its npm package: checked against package-lock.json like Node itself, and kept in `folder`. */
export async function koffiAddon(root: string, folder: string, target: Target, version: string): Promise<string> {
  const name = addonPackage(target)
  const integrity = await lockedIntegrity(root, name, version)
  const id = createHash('sha256').update(integrity).digest('hex').slice(0, 16)
  const path = join(folder, `koffi-${target.name}-${version}-${id}.node`)
  if (await stat(path).catch(() => undefined)) return path

  const work = `${path}.${process.pid}`
  await mkdir(work, { recursive: true })
  try {
    const archive = await fetchPackage({ name, version, integrity }, work)
    // The one beside it is for musl.
    const module = `package/${systemOf(target)}_${target.arch}/koffi.node`
    await execute('tar', ['-xzf', archive, '-C', work, module])
    await rename(join(work, module), path)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return path
}
