import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Failure } from '../../shared/failure.ts'

const root = join(import.meta.dirname, '../..')
const cache = join(root, 'build/cloud')
/** What the template and the bundles are made from. */
const inputs = ['cdk.json', 'infra', 'lambdas', 'shared', 'package-lock.json']
/** An assembly that nobody asked for in this time is removed. */
const unusedMilliseconds = 24 * 3_600_000

/**
 * The cloud assembly of the working tree as it is now: bundled and synthesized when something it is made from has changed. Every state
 * of the tree has a folder of its own, so that tests which run side by side never see a half-written one.
 * @returns its directory
 */
export async function prepareAssembly(): Promise<string> {
  const directory = join(cache, await hashInputs())
  const now = new Date()
  const known = await utimes(directory, now, now).then(
    () => true,
    () => false,
  )
  if (!known) await synthesizeInto(directory)
  return join(directory, 'cdk.out')
}

async function synthesizeInto(directory: string): Promise<void> {
  const partial = join(cache, `partial-${randomUUID()}`)
  await mkdir(partial, { recursive: true })
  try {
    // A process of its own: the CDK's memory must not stay with the host.
    await promisify(execFile)(process.execPath, [
      join(root, 'infra/synth.ts'),
      join(partial, 'cdk.out'),
      join(partial, 'lambdas'),
    ])
    await rename(partial, directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error // another process was first, with equal bytes
    })
  } catch (cause) {
    const output = (cause as { stderr?: string }).stderr?.trim()
    throw new Failure('synthesis-failed', 'The receiver could not be bundled and synthesized', {
      why: output?.split('\n').slice(0, 20).join('\n') || String(cause),
      fix: 'Run `npm run synth` to see all of it',
      cause,
    })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  await removeUnused()
}

async function removeUnused(): Promise<void> {
  for (const name of await readdir(cache)) {
    const entry = join(cache, name)
    const used = await stat(entry).catch(() => undefined) // another process may remove it as well
    if (used && Date.now() - used.mtimeMs > unusedMilliseconds) await rm(entry, { recursive: true, force: true })
  }
}

/** Over names and contents of everything in `inputs` but the host itself. */
async function hashInputs(): Promise<string> {
  const hash = createHash('sha256')
  const names = await Promise.all(inputs.map(input => (input.includes('.') ? [input] : filesUnder(input))))
  for (const name of [...names.flat(), ...(await logo())])
    hash
      .update(`${name}\0`)
      .update(await readFile(resolve(root, name)))
      .update('\0')
  return hash.digest('hex').slice(0, 24)
}

/** The one thing that goes into the assembly and may lie anywhere. */
async function logo(): Promise<string[]> {
  const { context } = JSON.parse(await readFile(join(root, 'cdk.json'), 'utf8')) as {
    context: { providerLogo?: string }
  }
  return context.providerLogo === undefined ? [] : [context.providerLogo]
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter(name => !name.startsWith(join('infra', 'local')))
    .sort()
}
