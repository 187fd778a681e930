import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import type { OpenResponse } from '../../shared/api/agent.ts'
import { newUlid } from '../../shared/ids.ts'
import { fingerprintOf, newSigningKey, type PrivateKey, publicKeyOf, sign } from '../../shared/jws.ts'
import type { Manifest, Pack } from '../../shared/manifest.ts'
import { makeProof } from '../../shared/proof.ts'
import { laneOf, type SnapshotKind, type UnitEntry } from '../../shared/snapshot.ts'
import { type Answer, ok, type Reachable, requestOf, sha256 } from './support.ts'

export interface TestAgent {
  id: string
  tenant: string
  key: PrivateKey
  call(method: string, target: string, body?: unknown): Promise<Answer>
}

/** Enrols a host with a fresh token, in a tenant that is made when it is not there. */
export async function enrolAgent(
  receiver: Reachable,
  tenant = `t${newUlid().toLowerCase()}`,
  { replaces }: { replaces?: string } = {},
): Promise<TestAgent> {
  await receiver.admin('POST', '/v1/admin/tenants', { tenant, name: tenant })
  const { enrol } = ok(await receiver.admin('POST', `/v1/admin/tenants/${tenant}/enrol-tokens`, { replaces }))
  const key = await newSigningKey()
  const body = { ...enrolment(key), token: enrol.slice(enrol.indexOf('#') + 1) }
  const { agent } = ok(await signed(receiver, key, await fingerprintOf(key), 'POST', '/v1/enrolments', body))
  return agentOf(receiver, agent, tenant, key)
}

export function agentOf(receiver: Reachable, id: string, tenant: string, key: PrivateKey): TestAgent {
  return { id, tenant, key, call: (method, target, body) => signed(receiver, key, id, method, target, body) }
}

export function enrolment(key: PrivateKey) {
  return {
    name: 'db 1',
    publicKey: publicKeyOf(key),
    recipients: ['age1test'],
    platform: 'linux',
    uploader: '0.1.0',
  }
}

export async function signed(
  receiver: Reachable,
  key: PrivateKey,
  kid: string,
  method: string,
  target: string,
  body?: unknown,
): Promise<Answer> {
  const bytes = new TextEncoder().encode(body === undefined ? '' : JSON.stringify(body))
  const proof = await makeProof({ method, target, body: bytes }, key, kid, receiver.id, receiver.clock.now)
  return receiver.send(requestOf(method, target, body, { authorization: `Proof ${proof}` }))
}

export async function registerSource(agent: TestAgent, name = 'shop'): Promise<string> {
  return ok(await agent.call('PUT', `/v1/sources/${encodeURIComponent(name)}`, { engine: 'mysql' })).source
}

export type Opened = z.output<typeof OpenResponse>

export async function open(agent: TestAgent, source: string, kind: SnapshotKind = 'full', run = newUlid()) {
  const request = { source, lane: laneOf(kind), kind, run, expectedBytes: 1000 }
  return { run, kind, ...(ok(await agent.call('POST', '/v1/snapshots', request)) as Opened) }
}

export const position = (at: number, stream = 'server-1') => ({ stream, at: String(at).padStart(12, '0') })

export function fullEntry(unit: string, at: number, time: string, from = at): UnitEntry {
  return { unit, kind: 'full', base: null, from: position(from), to: position(at), covers: { from: time, to: time } }
}

export function logEntry(unit: string, from: number, to: number, since: string, until: string): UnitEntry {
  return { unit, kind: 'log', base: null, from: position(from), to: position(to), covers: { from: since, to: until } }
}

export interface Staged {
  run: string
  kind: SnapshotKind
  snapshot: string
  lease: string
  manifest: Manifest
  jws: string
  parts: Buffer[]
}

/**
 * A snapshot whose bytes are made but not sent: one pack, of random bytes for artefacts and index, then the unit list.
 * @param change what an attacker or a defect makes of the manifest before it is signed
 */
export async function stage(
  agent: TestAgent,
  opened: Awaited<ReturnType<typeof open>>,
  units: UnitEntry[],
  options: { change?: (manifest: Manifest) => Manifest; key?: PrivateKey; size?: number; sealedAt?: Date } = {},
): Promise<Staged> {
  const { size = 2000 } = options
  const lines = Buffer.from(units.map(unit => `${JSON.stringify(unit)}\n`).join(''))
  const content = Buffer.concat([randomBytes(size), lines])
  const parts: Buffer[] = []
  for (let offset = 0; offset < content.length; offset += opened.partSize)
    parts.push(content.subarray(offset, offset + opened.partSize))
  const manifest: Manifest = {
    format: 'failsafe.manifest/1',
    agent: agent.id,
    source: opened.snapshot.slice(0, 26),
    snapshot: opened.snapshot,
    run: opened.run,
    engine: 'mysql',
    engineVersion: '11.4',
    uploader: '0.1.0',
    lane: laneOf(opened.kind),
    kind: opened.kind,
    startedAt: new Date().toISOString(),
    sealedAt: (options.sealedAt ?? new Date()).toISOString(),
    recipients: ['age1test'],
    partSize: opened.partSize,
    packs: [packOf(1, parts)],
    totals: { artefacts: 1, sourceBytes: 5000, sealedBytes: size },
    index: { extents: [{ pack: 1, offset: 1000, length: size - 1000 }], size: 10, sha256: sha256('index') },
    units: { extents: [{ pack: 1, offset: size, length: lines.length }], count: units.length, sha256: sha256(lines) },
  }
  const changed = options.change?.(manifest) ?? manifest
  const jws = await sign('failsafe.manifest/1', changed, options.key ?? agent.key)
  const { run, kind, snapshot } = opened
  return { run, kind, snapshot, lease: opened.lease.token, manifest: changed, jws, parts }
}

export function packOf(n: number, parts: Buffer[]): Pack {
  const digests = parts.map(part => Buffer.from(sha256(part), 'base64'))
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  return { n, size, parts: parts.length, sha256: sha256(Buffer.concat(digests)) }
}

export function windowOf(parts: Buffer[], pack = 1) {
  return parts.map((part, i) => ({ pack, number: i + 1, size: part.length, sha256: sha256(part) }))
}

export async function upload(agent: TestAgent, { snapshot, lease, parts }: Staged): Promise<void> {
  const request = { lease, parts: windowOf(parts) }
  const { urls } = ok(await agent.call('POST', `/v1/snapshots/${snapshot}/parts`, request))
  for (const [i, { url, headers }] of urls.entries()) {
    const response = await putPart(url, headers, parts[i]!)
    if (response.status !== 200) throw new Error(`PUT answered ${response.status}: ${await response.text()}`)
  }
}

export function putPart(url: string, headers: Record<string, string>, body: Buffer): Promise<Response> {
  const { 'content-length': _length, ...others } = headers // fetch counts for itself
  return fetch(url, { method: 'PUT', headers: others, body: new Uint8Array(body) })
}

export function commit(agent: TestAgent, { snapshot, lease, jws }: Staged): Promise<Answer> {
  return agent.call('POST', `/v1/snapshots/${snapshot}/commit`, { lease, manifest: jws })
}

/** The whole way of a small snapshot: three calls and one PUT. */
export async function backUp(
  agent: TestAgent,
  source: string,
  kind: SnapshotKind,
  units: UnitEntry[],
): Promise<Staged & { receivedAt: string; lockedUntil: string; warnings: string[] }> {
  const staged = await stage(agent, await open(agent, source, kind), units)
  await upload(agent, staged)
  return { ...staged, ...ok(await commit(agent, staged)) }
}
