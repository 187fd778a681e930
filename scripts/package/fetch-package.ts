import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LockFile } from '../lock/lock-file.ts'

const execute = promisify(execFile)

/** What package-lock.json says of a package. @throws where it names another version, or none */
export async function lockedIntegrity(root: string, name: string, version: string): Promise<string> {
  const lock = LockFile.parse(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')))
  const entry = lock.packages[`node_modules/${name}`]
  if (entry?.version !== version || !entry.integrity)
    throw new Error(`package-lock.json does not name ${name}@${version} with its integrity`)
  return entry.integrity
}

/** The tarball of a package, from npm's cache or the registry, checked. @returns its path in `folder` */
export async function fetchPackage(
  { name, version, integrity }: { name: string; version: string; integrity: string },
  folder: string,
): Promise<string> {
  const args = ['pack', `${name}@${version}`, '--prefer-offline', '--json', '--pack-destination', folder]
  await execute('npm', args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 })
  const archive = join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
  await checkIntegrity(archive, integrity)
  return archive
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
