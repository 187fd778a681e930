import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LockFile } from '../lock/lock-file.ts'
import { stripElf } from './strip-elf.ts'
import { nodeVersion, type Target } from './targets.ts'

const execute = promisify(execFile)

/**
 * The path of a target's Node, stripped, in `folder`. The npm package's tarball comes from npm's cache or the registry, is checked against
 * the SHA-512 in package-lock.json, and only then unpacked. The result is kept; its name carries the hash it was checked against.
 */
export async function runtime(root: string, folder: string, target: Target): Promise<string> {
  const integrity = await lockedIntegrity(root, target.runtime)
  const id = createHash('sha256').update(integrity).digest('hex').slice(0, 16)
  const path = join(folder, `${target.runtime}-${nodeVersion}-${id}`)
  if (await exists(path)) return path

  const work = `${path}.${process.pid}`
  await mkdir(work, { recursive: true })
  try {
    const archive = await fetchTarball(target.runtime, work)
    await checkIntegrity(archive, integrity)
    await execute('tar', ['-xzf', archive, '-C', work, `package/${target.executable}`])
    const node = await readFile(join(work, 'package', target.executable))
    await writeFile(join(work, 'node'), target.os === 'linux' ? stripElf(node) : node, { mode: 0o755 })
    await rename(join(work, 'node'), path)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return path
}

async function lockedIntegrity(root: string, name: string): Promise<string> {
  const lock = LockFile.parse(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')))
  const entry = lock.packages[`node_modules/${name}`]
  if (entry?.version !== nodeVersion || !entry.integrity)
    throw new Error(`package-lock.json does not name ${name}@${nodeVersion} with its integrity`)
  return entry.integrity
}

async function fetchTarball(name: string, folder: string): Promise<string> {
  const args = ['pack', `${name}@${nodeVersion}`, '--prefer-offline', '--json', '--pack-destination', folder]
  await execute('npm', args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 })
  return join(folder, `${name}-${nodeVersion}.tgz`)
}

/** @throws where the file is not the one that package-lock.json names */
export async function checkIntegrity(file: string, integrity: string): Promise<void> {
  const [algorithm, expected] = integrity.split('-', 2)
  const actual = createHash('sha512')
    .update(await readFile(file))
    .digest('base64')
  if (algorithm !== 'sha512' || actual !== expected)
    throw new Error(`${file} is not what package-lock.json names: its SHA-512 is ${actual}, expected ${integrity}`)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
