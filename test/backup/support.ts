import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { newUlid } from '../../shared/ids.ts'
import { newSigningKey, publicKeyOf } from '../../shared/jws.ts'
import { type Extent, IndexLine, type Manifest } from '../../shared/manifest.ts'
import { open } from '../../shared/sealed/open.ts'
import { UnitEntry } from '../../shared/snapshot.ts'
import type { BackupOptions } from '../../uploader/backup/backup.ts'
import { runBackup } from '../../uploader/backup/run-backup.ts'
import type { Engine } from '../../uploader/engines/engine.ts'
import type { Reporter } from '../../uploader/output/reporter.ts'
import type { AgentState } from '../../uploader/state/agent.ts'
import { newPutPart } from '../../uploader/transfer/put-part.ts'
import { chunksOf, newIdentity } from '../sealed/support.ts'
import { direct } from '../support/network.ts'
import { type Content, FakeEngine } from './engine.ts'
import { FakeReceiver } from './receiver.ts'
import type { Vault } from './vault.ts'

export const MiB = 1024 * 1024

export const content = (name: string, bytes: Uint8Array, order = 0): Content => ({
  name,
  order,
  read: () => chunksOf(bytes, 100_000),
})

/** Everything that a run needs, in a staging directory of its own. */
export async function newRig(vault: Vault) {
  const { identity, recipient } = await newIdentity()
  const key = await newSigningKey()
  const receiver = new FakeReceiver(vault, publicKeyOf(key))
  const agent: AgentState = {
    format: 'failsafe.agent/1',
    receiver: { url: 'https://receiver.example.net', id: 'r' },
    tenant: 'acme',
    agent: `acme.${newUlid()}`,
    name: 'host',
    key,
    customerKey: null,
    certificate: null,
    recipients: [recipient],
    succession: [],
  }
  const dir = await mkdtemp(join(tmpdir(), 'failsafe-staging-'))
  const connections = direct.connections(4)
  const put = newPutPart(connections)
  const said: string[] = []
  const reporter: Reporter = {
    plan: ({ kind, steps }) => said.push(`plan ${kind} ${steps.length}`),
    step: (number, text) => said.push(`step ${number} ${text}`),
    progress: ({ label, done }) => {
      progress[label] = done
    },
    warning: (code, message) => said.push(`warning ${code} ${message}`),
    summary: () => said.push('summary'),
    error: () => said.push('error'),
  }
  const progress: Record<string, number> = {}
  const rig = {
    identity,
    receiver,
    agent,
    dir,
    said,
    progress,
    maxBytes: 40 * MiB,
    backUp: (contents: Content[] | Engine<object, object>, over: Partial<BackupOptions<object, object>> = {}) =>
      runBackup({
        source: 'shop',
        engine: Array.isArray(contents) ? new FakeEngine(contents) : contents,
        settings: {},
        mode: 'full',
        receiver,
        agent,
        staging: { dir, maxBytes: rig.maxBytes },
        upload: { concurrency: 4 },
        put,
        readers: 2,
        uploader: 'failsafe test',
        reporter,
        signal: new AbortController().signal,
        ...over,
      }),
    /** All files below the staging directory with their sizes. */
    staged: () => filesBelow(dir),
    async close() {
      connections.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
  return rig
}
export type Rig = Awaited<ReturnType<typeof newRig>>

/** A part, and the directory of a snapshot, may go while we look. */
export async function filesBelow(directory: string): Promise<{ name: string; size: number }[]> {
  const files = []
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(noneWhereGone)) {
    const name = join(directory, entry.name)
    if (entry.isDirectory()) files.push(...(await filesBelow(name)))
    const found = entry.isFile() ? await stat(name).catch(() => undefined) : undefined
    if (found) files.push({ name, size: found.size })
  }
  return files
}

function noneWhereGone(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return []
  throw error
}

/** Reads a committed snapshot back from the vault alone, checks every hash, and hands each artefact to `check`. */
export async function readBack(
  { receiver, identity }: Rig,
  manifest: Manifest,
  check: (line: IndexLine, plain: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<{ lines: IndexLine[]; units: UnitEntry[] }> {
  const { client, bucket: Bucket } = receiver.vault
  const bytes = async function* (extents: Extent[]) {
    for (const { pack, offset, length } of extents) {
      const Key = receiver.keyOf(manifest.snapshot, pack)
      const Range = `bytes=${offset}-${offset + length - 1}`
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, Range }))
      yield* Body as AsyncIterable<Uint8Array>
    }
  }
  const index = await collectText(open(bytes(manifest.index.extents), [identity]))
  const lines = linesOf(index).map(line => IndexLine.parse(JSON.parse(line)))
  if (sha256(index) !== manifest.index.sha256) throw new Error('the index is not the one that the manifest names')
  for (const line of lines) {
    const hash = createHash('sha256')
    let size = 0
    const plain = async function* () {
      for await (const piece of open(bytes(line.extents), [identity])) {
        hash.update(piece)
        size += piece.length
        yield piece
      }
    }
    await check(line, plain())
    if (hash.digest('base64') !== line.sha256 || size !== line.size) throw new Error(`${line.name} is not what it was`)
    const stored = line.extents.reduce((sum, { length }) => sum + length, 0)
    if (stored !== line.sealedSize) throw new Error(`the extents of ${line.name} do not add up`)
  }
  const units = await collectText(bytes(manifest.units.extents))
  if (sha256(units) !== manifest.units.sha256) throw new Error('the unit list is not the one that the manifest names')
  return { lines, units: linesOf(units).map(line => UnitEntry.parse(JSON.parse(line))) }
}

export const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('base64')
const linesOf = (text: string) => text.split('\n').slice(0, -1)

async function collectText(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of stream) text += decoder.decode(piece, { stream: true })
  return text
}

export async function stagedText(rig: Rig): Promise<string> {
  const files = await rig.staged()
  return (await Promise.all(files.map(({ name }) => readFile(name, 'latin1')))).join('\n')
}
