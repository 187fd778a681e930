import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { Failure } from '../../shared/failure.ts'
import { newUlid, type SourceId } from '../../shared/ids.ts'
import { briefly } from '../backup/briefly.ts'
import type { Network } from '../network/network.ts'
import type { Receiver } from '../receiver/receiver.ts'
import { RunDirectory } from '../staging/directory.ts'
import { stagingFailure } from '../staging/failures.ts'
import { Journal } from '../staging/journal.ts'
import type { StagedPart } from '../staging/pack-writer.ts'
import { newPutPart, PutBroken, PutRefused, type Target } from '../transfer/put-part.ts'
import { type Check, failed, ok } from './check.ts'

const check = 'upload'
const partBytes = 64 * 1024
const abortTime = 15_000

export interface Trip {
  recipients: string[]
  source: SourceId
  name: string
  network: Network
  receiver: Pick<Receiver, 'open' | 'parts' | 'packParts' | 'abort'>
  staging: string
  signal: AbortSignal
  now: () => Date
}

/**
 * Sends one small part into the vault and gives it up again: what a backup does on its way, without anything of the application.
 *
 *   journal ──▶ open ──▶ sign ──▶ PUT ──▶ ask S3 what it has ──▶ abort
 *
 * It is a run of the source's own data lane, so that nothing is registered that nobody wants, and is journalled as one: whoever dies on the way leaves
 * what a killed run leaves, and the next run of the source ends it. An aborted snapshot is never shown to anybody; the receiver's janitor removes its part
 * within the hour. The caller holds the source. Not where a run was interrupted: a new snapshot would take the lane from what still waits to be sent.
 */
export async function sendOnePart(trip: Trip): Promise<Check> {
  const { source, name, staging } = trip
  try {
    if ((await RunDirectory.remains(staging, source)).length > 0)
      return ok(check, 'An interrupted run waits for the next one; no part was sent', name)
    const started = performance.now()
    const host = await send(trip)
    const milliseconds = Math.round(performance.now() - started)
    return ok(
      check,
      `A part of ${partBytes / 1024} KiB went to ${host} and was given up again, in ${milliseconds} ms`,
      name,
    )
  } catch (error) {
    trip.signal.throwIfAborted()
    return failed(check, error, name)
  }
}

/** @returns the host of the storage */
async function send({ source, recipients, network, receiver, staging, signal, now }: Trip): Promise<string> {
  const startedAt = now()
  const run = newUlid(startedAt.getTime())
  const directory = await RunDirectory.make(staging, source, run)
  let opened: Awaited<ReturnType<typeof receiver.open>> | undefined
  let asked = false
  let journal: Journal | undefined
  try {
    journal = await Journal.create(directory.journal)
    const request = { source, lane: 'data', kind: 'full', run, expectedBytes: partBytes } as const
    await journal.append({
      type: 'run',
      format: 'failsafe.journal/1',
      ...request,
      requested: 'full',
      startedAt: startedAt.toISOString(),
      recipients,
    })
    const part = await stagePart(directory)
    signal.throwIfAborted()
    asked = true
    opened = await receiver.open(request)
    const { snapshot, lease, partSize, heads } = opened
    await journal.append({ type: 'opened', snapshot, lease: lease.token, partSize, head: heads.data?.snapshot ?? null })
    const { pack, number, size } = part
    const sha256 = part.digest.toString('base64')
    const { urls } = await receiver.parts(snapshot, { lease: lease.token, parts: [{ pack, number, size, sha256 }] })
    await put(part, urls[0]!, network, signal)
    const { parts } = await receiver.packParts(snapshot, pack, lease.token)
    if (!parts.some(there => there.number === number && there.size === size && there.sha256 === sha256))
      throw new Failure('part-lost', 'The storage took a part and does not have it', {
        fix: 'Send this message to the provider',
      })
    return new URL(urls[0]!.url).host
  } finally {
    await journal?.close()
    const over = opened
      ? (await briefly(receiver.abort(opened.snapshot, opened.lease.token), abortTime)) === 'done'
      : !asked
    await (over ? directory.remove() : directory.empty())
  }
}

async function stagePart(directory: RunDirectory): Promise<StagedPart> {
  const bytes = randomBytes(partBytes)
  const part = { pack: 1, number: 1, size: bytes.length, digest: createHash('sha256').update(bytes).digest() }
  const path = directory.part(part.pack, part.number)
  await writeFile(path, bytes, { mode: 0o600 }).catch(error => {
    throw stagingFailure(error, directory.path)
  })
  return { ...part, path }
}

async function put(part: StagedPart, target: Target, network: Network, signal: AbortSignal): Promise<void> {
  const connections = network.connections(1)
  try {
    await newPutPart(connections, { timeout: 15_000 })(part, target, signal, () => {})
  } catch (error) {
    signal.throwIfAborted()
    throw explain(error, new URL(target.url).host)
  } finally {
    connections.close()
  }
}

function explain(error: unknown, host: string): unknown {
  if (error instanceof PutRefused)
    return new Failure('storage-refused', `The storage at ${host} refuses a part`, {
      why: error.message,
      fix: 'Look whether something between here and the storage changes requests; else send this message to the provider',
      cause: error,
    })
  if (!(error instanceof PutBroken)) return error
  return new Failure('storage-unreachable', `The storage at ${host} cannot be reached`, {
    why: error.message,
    fix: `Let this machine reach ${host} on port 443: parts go straight to the storage, and not through the receiver`,
    retriable: true,
    cause: error,
  })
}
