/**
 * `npm run package [-- --target linux-x64 ...]`: the uploader as one file for each platform, with checksums and a bill of materials, in dist/.
 * Needs npm's registry or its cache, and nothing else of the network.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '../shared/failure.ts'
import { LockFile } from './lock/lock-file.ts'
import { bundleUploader } from './package/bundle.ts'
import { inject } from './package/inject.ts'
import { koffiAddon } from './package/koffi-addon.ts'
import { place } from './package/place.ts'
import { runtime } from './package/runtime.ts'
import { sbom } from './package/sbom.ts'
import { writeSums } from './package/sums.ts'
import { targets } from './package/targets.ts'

const root = dirname(import.meta.dirname)
const { values } = parseArgs({ options: { target: { type: 'string', multiple: true } } })
const chosen = values.target ? targets.filter(({ name }) => values.target?.includes(name)) : targets
const unknown = values.target?.filter(name => !targets.some(target => target.name === name)) ?? []
if (unknown.length > 0) {
  console.error(`There is no target ${unknown.join(', ')}. Use: ${targets.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}

const dist = join(root, 'dist')
await mkdir(join(root, 'build'), { recursive: true })
await mkdir(dist, { recursive: true })
const work = await mkdtemp(join(root, 'build/package-'))
try {
  const bundle = join(work, 'failsafe.cjs')
  const metafile = await bundleUploader(root, bundle)
  const lock = LockFile.parse(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')))
  const koffi = lock.packages['node_modules/koffi']!.version!
  for (const target of chosen) {
    const node = await runtime(root, join(root, 'build'), target)
    const made = join(work, target.file)
    const home = join(work, target.name)
    const addon = await koffiAddon(root, join(root, 'build'), target, koffi)
    await inject(target, node, bundle, made, home, { 'koffi.node': addon })
    await place(made, join(dist, target.file))
  }
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  const there = new Set(await readdir(dist))
  const built = targets.filter(({ file }) => there.has(file))
  const bom = sbom(lock, metafile, { name: 'failsafe', version }, built)
  await writeFile(join(dist, 'failsafe.sbom.json'), `${JSON.stringify(bom, null, 2)}\n`)
  await writeSums(dist)
} catch (error) {
  console.error(`The uploader could not be packaged: ${messageOf(error)}`)
  process.exitCode = 1
} finally {
  await rm(work, { recursive: true, force: true })
}
if (!process.exitCode) console.log(await readFile(join(dist, 'SHA256SUMS'), 'utf8'))
