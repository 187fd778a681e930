import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fetchPackage, lockedIntegrity } from './fetch-package.ts'
import { stripElf } from './strip-elf.ts'
import { nodeVersion, type Target } from './targets.ts'

const execute = promisify(execFile)

/**
 * The path of a target's Node, stripped, in `folder`. The npm package's tarball comes from npm's cache or the registry, is checked against
 * the SHA-512 in package-lock.json, and only then unpacked. The result is kept; its name carries the hash it was checked against.
 */
export async function runtime(root: string, folder: string, target: Target): Promise<string> {
  const integrity = await lockedIntegrity(root, target.runtime, nodeVersion)
  const id = createHash('sha256').update(integrity).digest('hex').slice(0, 16)
  const path = join(folder, `${target.runtime}-${nodeVersion}-${id}`)
  if (await exists(path)) return path

  const work = `${path}.${process.pid}`
  await mkdir(work, { recursive: true })
  try {
    const archive = await fetchPackage({ name: target.runtime, version: nodeVersion, integrity }, work)
    await execute('tar', ['-xzf', archive, '-C', work, `package/${target.executable}`])
    const node = await readFile(join(work, 'package', target.executable))
    await writeFile(join(work, 'node'), target.os === 'linux' ? stripElf(node) : node, { mode: 0o755 })
    await rename(join(work, 'node'), path)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return path
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
