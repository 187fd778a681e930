import { copyFile, link, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sea from 'pkg/lib-es5/sea.js'
import { hostTarget, nodeOptions, nodeVersion, type Target } from './targets.ts'

/** More than pkg's own type says: it hands everything to Node. */
const seaConfig = {
  useSnapshot: false,
  disableExperimentalSEAWarning: true,
  execArgv: nodeOptions,
  // Else whoever sets NODE_OPTIONS=--require=... runs code inside the uploader.
  execArgvExtension: 'none',
}

/**
 * Makes one executable of a runtime and a bundle, by Node's single executable applications. `pkg` would download Node; it finds ours
 * where it keeps its downloads, marked as verified (which it was: runtime.ts), so that it needs no network.
 * @param assets files that are in it, by the names under which it finds them
 * @param work an empty folder that becomes pkg's home
 */
export async function inject(
  target: Target,
  runtime: string,
  bundle: string,
  output: string,
  work: string,
  assets: Record<string, string>,
): Promise<void> {
  const cache = join(work, '.pkg-cache/sea')
  const name = `node-v${nodeVersion}-${target.os}-${target.arch}`
  const archive = join(cache, target.os === 'win' ? `${name}.zip` : `${name}.tar.gz`)
  const node = target.os === 'win' ? join(cache, `${name}.exe`) : join(cache, name, 'bin/node')
  await mkdir(join(node, '..'), { recursive: true })
  await link(runtime, node).catch(() => copyFile(runtime, node))
  for (const mark of [archive, `${archive}.ok`, `${node}.ok`]) await writeFile(mark, '')

  // The code cache is only valid under V8's options that made it, and pkg runs Node for it without options of its own.
  const restore = setEnvironment({ HOME: work, NODE_OPTIONS: nodeOptions.join(' ') })
  try {
    await sea.default(bundle, {
      signature: false,
      targets: [{ platform: target.os, arch: target.arch, nodeRange: `node${nodeVersion}`, output }],
      // V8's code cache is only valid for the processor and version that made it.
      seaConfig: { ...seaConfig, assets, useCodeCache: target.name === hostTarget?.name },
    })
  } finally {
    restore()
  }
}

/** @returns what puts the former values back */
function setEnvironment(values: Record<string, string>): () => void {
  const former = Object.keys(values).map(name => [name, process.env[name]] as const)
  Object.assign(process.env, values)
  return () => {
    for (const [name, value] of former)
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  }
}
