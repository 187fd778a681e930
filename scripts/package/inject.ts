import { execFile } from 'node:child_process'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inject as injectBlob } from 'postject'
import { hostTarget, nodeOptions, type Target } from './targets.ts'

const execute = promisify(execFile)

/** The mark in Node that tells it that it carries an application. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

/**
 * Makes one executable of a runtime and a bundle, by Node's single executable applications.
 * @param work an existing folder for what comes between
 */
export async function inject(
  target: Target,
  runtime: string,
  bundle: string,
  output: string,
  work: string,
): Promise<void> {
  const isHost = target.name === hostTarget?.name
  const blob = join(work, `${target.name}.blob`)
  const config = join(work, `${target.name}.json`)
  await writeFile(
    config,
    JSON.stringify({
      main: bundle,
      output: blob,
      disableExperimentalSEAWarning: true,
      useSnapshot: false,
      // Valid only for the processor, version and options that made it, so Node is run with the very options here.
      useCodeCache: isHost,
      execArgv: nodeOptions,
      // Else whoever sets NODE_OPTIONS=--require=... runs code inside the uploader.
      execArgvExtension: 'none',
    }),
  )
  await execute(isHost ? runtime : process.execPath, [...nodeOptions, '--experimental-sea-config', config])
  await copyFile(runtime, output)
  await quietly(async () => injectBlob(output, 'NODE_SEA_BLOB', await readFile(blob), { sentinelFuse: fuse }))
}

/** postject's library warns of section names that it does not need and of node.exe's signature, which no longer fits; anything else it says is shown. */
async function quietly(work: () => Promise<void>): Promise<void> {
  const { write } = process.stderr
  const filtered = (chunk: string | Uint8Array, ...rest: never[]) =>
    /^warning: (Can't find string offset for section name|The signature seems corrupted)/.test(String(chunk)) ||
    write.call(process.stderr, chunk, ...rest)
  process.stderr.write = filtered
  try {
    await work()
  } finally {
    process.stderr.write = write
  }
}
