/**
 * What a run does once its parts are staged: `node push-parts.ts CONFIG DIRECTORY` signs, sends, removes and completes the part files of a directory, with the uploader's own code and
 * its default settings, and gives the snapshot up again. The hashes are made before the clock starts, because a run has them from writing the parts.
 * Prints `{seconds, bytes}`.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { newUlid } from '../../shared/ids.ts'
import { connect } from '../../uploader/commands/connect.ts'
import { Budget } from '../../uploader/staging/budget.ts'
import type { StagedPart } from '../../uploader/staging/pack-writer.ts'
import { systemClock } from '../../uploader/transfer/clock.ts'
import { newSender } from '../../uploader/transfer/sender.ts'
import { Upload } from '../../uploader/transfer/upload.ts'

const [configFile, directory] = process.argv.slice(2) as [string, string]
const { stdin, stdout, stderr, env, platform } = process
const stop = new AbortController()
const { signal } = stop
const terminal = { stdin, stdout, stderr, env, platform, signal, now: () => new Date() }
const { config, network, receiver } = await connect({ config: configFile }, terminal)

const pack = 1
const parts: StagedPart[] = []
for (const [index, name] of (await readdir(directory)).sort().entries()) {
  const path = join(directory, name)
  const digest = createHash('sha256')
    .update(await readFile(path))
    .digest()
  parts.push({ pack, number: index + 1, size: (await stat(path)).size, digest, path })
}
const bytes = parts.reduce((sum, { size }) => sum + size, 0)
const { source } = await receiver.registerSource('push', { engine: 'mysql' })
const request = { source, lane: 'data', kind: 'full', run: newUlid(), expectedBytes: bytes } as const
const { snapshot, lease, partSize, limits } = await receiver.open(request)
const budget = new Budget(parts.length)
const { put, concurrency } = newSender(network, config.upload)
let failure: { error: unknown } | undefined
const started = performance.now()
const upload = new Upload({
  receiver,
  snapshot,
  lease: lease.token,
  put,
  budget,
  concurrency,
  partSize,
  partsPerWindow: limits.partsPerWindow,
  clock: systemClock,
  signal,
  onAcknowledged() {},
  onCompleted() {},
  onProgress() {},
  onFailure(error) {
    failure = { error }
  },
})
for (const part of parts) {
  await budget.acquire(signal)
  upload.add(part)
}
upload.endPack(pack, parts.length)
await upload.settled()
const seconds = (performance.now() - started) / 1000
await receiver.abort(snapshot, lease.token)
if (failure) throw failure.error
stdout.write(`${JSON.stringify({ seconds, bytes })}\n`, () => process.exit())
