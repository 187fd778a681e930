import { createHash, randomBytes } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import type { z } from 'zod'
import type { RestoreManifestResponse } from '../../shared/api/restore.ts'
import { certify } from '../../shared/certificate.ts'
import { newUlid } from '../../shared/ids.ts'
import { newSigningKey, type PrivateKey, publicKeyOf, sign } from '../../shared/jws.ts'
import type { Extent, IndexLine, Manifest } from '../../shared/manifest.ts'
import { seal } from '../../shared/sealed/seal.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'
import type { Engine, RestoreInput } from '../../uploader/engines/engine.ts'
import type { Reporter } from '../../uploader/output/reporter.ts'
import type { RestoreReceiver } from '../../uploader/receiver/receiver.ts'
import type { RestoreRequest } from '../../uploader/restore/run.ts'
import { direct } from '../support/network.ts'

export const now = new Date('2026-11-22T12:00:00Z')
const partSize = 5 * 1024 * 1024

export interface Keys {
  identity: string
  recipient: string
  agentKey: PrivateKey
  customerKey: PrivateKey
}

export async function newKeys(): Promise<Keys> {
  const identity = await generateX25519Identity()
  const recipient = await identityToRecipient(identity)
  return { identity, recipient, agentKey: await newSigningKey(), customerKey: await newSigningKey() }
}

export interface Made {
  /** The vault's bytes, which a test may change. */
  packs: Map<number, Buffer>
  manifest: Manifest
  lines: IndexLine[]
  entry: z.output<typeof RestoreManifestResponse>['snapshots'][number]
}

export interface Recipe {
  /** Name and content of the artefacts. */
  files: Record<string, Uint8Array>
  source?: string
  /** Changes what the index says after the artefacts were sealed. */
  index?: (lines: IndexLine[]) => IndexLine[]
  /** Changes the manifest before it is signed. */
  manifest?: (manifest: Manifest) => Manifest
  units?: (snapshot: string) => UnitEntry[]
  kind?: Manifest['kind']
  receivedAt?: Date
}

/** A committed snapshot as the uploader makes one: two packs, the index and the unit list at the end of the first. */
export async function makeSnapshot(keys: Keys, recipe: Recipe): Promise<Made> {
  const source = recipe.source ?? newUlid(now.getTime())
  const snapshot = `${source}.${newUlid(now.getTime())}`
  const chunks: Buffer[][] = [[], []]
  const add = async (pack: 1 | 2, bytes: AsyncIterable<Uint8Array>): Promise<Extent> => {
    const target = chunks[pack - 1]!
    const offset = Buffer.concat(target).length
    for await (const chunk of bytes) target.push(Buffer.from(chunk))
    return { pack, offset, length: Buffer.concat(target).length - offset }
  }
  const lines: IndexLine[] = []
  for (const [i, [name, content]] of Object.entries(recipe.files).entries()) {
    const extent = await add(i % 2 === 0 ? 1 : 2, seal(once(content), [keys.recipient]))
    lines.push({
      name,
      role: 'data',
      unit: 'server',
      size: content.length,
      sealedSize: extent.length,
      sha256: sha256(content),
      extents: [extent],
    })
  }
  const indexLines = recipe.index?.(lines) ?? lines
  const index = Buffer.from(indexLines.map(line => `${JSON.stringify(line)}\n`).join(''))
  const indexExtent = await add(1, seal(once(index), [keys.recipient]))
  const kind = recipe.kind ?? 'full'
  const entries = recipe.units?.(snapshot) ?? [unitEntry()]
  const unitList = Buffer.from(entries.map(unit => `${JSON.stringify(unit)}\n`).join(''))
  const unitExtent = await add(1, once(unitList))
  const packs = new Map(
    chunks.map((parts, i) => [i + 1, Buffer.concat(parts)] as const).filter(([, b]) => b.length > 0),
  )
  const plain: Manifest = {
    format: 'failsafe.manifest/1',
    agent: `acme.${newUlid(now.getTime())}`,
    source,
    snapshot,
    run: newUlid(now.getTime()),
    engine: 'mysql',
    engineVersion: 'MariaDB 10.11',
    uploader: '0.1.0',
    lane: kind === 'log' ? 'log' : 'data',
    kind,
    startedAt: now.toISOString(),
    sealedAt: now.toISOString(),
    recipients: [keys.recipient],
    partSize,
    packs: [...packs].map(([n, bytes]) => ({ n, size: bytes.length, ...composite(bytes) })),
    totals: {
      artefacts: indexLines.length,
      sourceBytes: lines.reduce((sum, { size }) => sum + size, 0),
      sealedBytes: lines.reduce((sum, { sealedSize }) => sum + sealedSize, 0) + indexExtent.length,
    },
    index: { extents: [indexExtent], size: index.length, sha256: sha256(index) },
    units: { extents: [unitExtent], count: entries.length, sha256: sha256(unitList) },
  }
  const manifest = recipe.manifest?.(plain) ?? plain
  return { packs, manifest, lines, entry: await entryOf(keys, manifest, recipe.receivedAt ?? now, snapshot) }
}

async function entryOf(keys: Keys, manifest: Manifest, receivedAt: Date, snapshot: string): Promise<Made['entry']> {
  return {
    snapshot,
    receivedAt: receivedAt.toISOString(),
    manifest: await sign('failsafe.manifest/1', manifest, keys.agentKey),
    agent: manifest.agent,
    agentKey: publicKeyOf(keys.agentKey),
    certificate: await certify(publicKeyOf(keys.agentKey), keys.customerKey, now),
    succession: [],
  }
}

export function unitEntry(change: Partial<UnitEntry> = {}): UnitEntry {
  const at = { stream: 's1', at: '0001' }
  const time = now.toISOString()
  return { unit: 'server', kind: 'full', base: null, from: at, to: at, covers: { from: time, to: time }, ...change }
}

function composite(bytes: Buffer): { parts: number; sha256: string } {
  const digests: Buffer[] = []
  for (let at = 0; at < bytes.length; at += partSize)
    digests.push(
      createHash('sha256')
        .update(bytes.subarray(at, at + partSize))
        .digest(),
    )
  return { parts: digests.length, sha256: sha256(Buffer.concat(digests)) }
}

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64')

export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** What the vault does with a request instead of serving it; undefined lets it serve. */
export type Fault = (about: {
  range: string
  url: string
  served: number
  response: http.ServerResponse
}) => true | undefined

/** An S3 that knows ranged GETs of signed URLs, and a receiver that signs them. */
export async function startVault(made: Made[], options: { fault?: Fault } = {}) {
  const requests: string[] = []
  let signatures = 0
  const server = http.createServer((request, response) => {
    const range = request.headers.range ?? ''
    requests.push(`${request.url} ${range}`)
    if (options.fault?.({ range, url: request.url!, served: requests.length, response })) return
    const [, snapshot, n] = request.url!.split(/[/?]/)
    const bytes = made.find(({ manifest }) => manifest.snapshot === snapshot)?.packs.get(Number(n))
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? []
    if (!bytes || from === undefined) return void response.writeHead(404).end()
    if (Number(from) >= bytes.length) return void response.writeHead(416).end()
    const end = Math.min(Number(to), bytes.length - 1)
    response.writeHead(206, {
      'content-range': `bytes ${from}-${end}/${bytes.length}`,
      'content-length': end - Number(from) + 1,
    })
    response.end(bytes.subarray(Number(from), end + 1))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const [first] = made as [Made]
  const receiver: RestoreReceiver = {
    async restoreManifest() {
      return {
        id: 'rm1',
        source: first.manifest.source,
        sourceName: 'shop',
        engine: 'mysql',
        at: null,
        of: null,
        units: null,
        doubtful: [],
        expiresAt: now.toISOString(),
        snapshots: made.map(({ entry }) => entry),
        bytes: 1,
        egressCost: { amount: 0, currency: 'USD' },
        next: null,
      }
    },
    async packUrls(_id, { packs }) {
      signatures++
      return {
        urls: packs.map(({ snapshot, pack }) => ({
          snapshot,
          pack,
          url: `${base}/${snapshot}/${pack}?signature=${signatures}`,
        })),
        expiresAt: now.toISOString(),
      }
    },
    timeline: () => Promise.reject(new Error('not asked for here')),
  }
  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { receiver, requests, signatures: () => signatures, close, [Symbol.asyncDispose]: close }
}

export function silentReporter(): Reporter & { warnings: string[] } {
  const warnings: string[] = []
  return {
    warnings,
    plan() {},
    step() {},
    progress() {},
    warning: code => void warnings.push(code),
    summary() {},
    error() {},
  }
}

/** An engine that writes down what it was asked to restore. */
export function fakeEngine(): Engine & { inputs: RestoreInput[] } {
  const inputs: RestoreInput[] = []
  return {
    inputs,
    kind: 'mysql',
    async restore(input: RestoreInput) {
      inputs.push(input)
      return { runbook: '# How to go on\n', applied: input.apply !== undefined, notes: [] }
    },
  } as unknown as Engine & { inputs: RestoreInput[] }
}

/** A restore of the latest state into `directory`, with waits that take no time. */
export function restoreOf(
  made: Made,
  keys: Keys,
  receiver: RestoreReceiver,
  directory: string,
  change: Partial<RestoreRequest> = {},
): RestoreRequest {
  const engine = fakeEngine()
  return {
    receiver,
    wanted: { source: made.manifest.source },
    identities: [keys.identity],
    trust: { customerKeys: [publicKeyOf(keys.customerKey)], fingerprints: new Set() },
    directory,
    engineFor: async () => engine,
    concurrency: 3,
    reporter: silentReporter(),
    reading: newReading(),
    now: () => now,
    platform: 'linux',
    ...change,
  }
}

export const newReading = () => ({
  connections: direct.connections(4),
  signal: new AbortController().signal,
  sleep: async () => {},
  random: () => 0,
})

export const noise = (size: number) => randomBytes(size)
