/**
 * `node build-mortal.ts FILE [TARGET]`: the binary as it ships, but for the steps at which FAILSAFE_FAULT makes it die (uploader/fault-point.ts). A process of its own, as
 * the test runner loads pkg in another way than Node does.
 */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleUploader } from '../../scripts/package/bundle.ts'
import { inject } from '../../scripts/package/inject.ts'
import { koffiAddon } from '../../scripts/package/koffi-addon.ts'
import { runtime } from '../../scripts/package/runtime.ts'
import { hostTarget, targets } from '../../scripts/package/targets.ts'

const root = join(import.meta.dirname, '../..')
const [file, name] = process.argv.slice(2)
const target = name === undefined ? hostTarget : targets.find(target => target.name === name)
const build = join(root, 'build')
await mkdir(build, { recursive: true })
const work = await mkdtemp(join(build, 'mortal-'))
try {
  const bundle = join(work, 'failsafe.cjs')
  await bundleUploader(root, bundle, { faultPoints: true })
  const { version } = JSON.parse(await readFile(join(root, 'node_modules/koffi/package.json'), 'utf8')) as {
    version: string
  }
  const node = await runtime(root, build, target!)
  const assets = { 'koffi.node': await koffiAddon(root, build, target!, version) }
  await inject(target!, node, bundle, file!, join(work, 'home'), assets)
} finally {
  await rm(work, { recursive: true, force: true })
}
