import { z } from 'zod'
import { AgentId, RunId, SnapshotId, SourceId } from './ids.ts'
import { EngineKind, Lane, SnapshotKind } from './snapshot.ts'

/** A manifest that names so many packs of 1,000 parts fits into `manifestLimit` once it is signed. */
export const packLimit = 400

/** SHA-256 in base64, as S3 writes it. */
export const Sha256 = z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'not a base64 SHA-256')

/** Where bytes lie: in pack `pack`, `length` bytes from `offset`. */
export const Extent = z.object({
  pack: z.number().int().min(1).max(100_000),
  offset: z.number().int().min(0),
  length: z.number().int().min(1),
})
export type Extent = z.infer<typeof Extent>

/**
 * One object of the vault. `sha256` is the SHA-256 of its parts' SHA-256 digests laid end to end: S3's composite checksum
 * of the same object is `<sha256>-<parts>`, so that S3, receiver and reader compare the very same string.
 */
export const Pack = z.object({
  n: z.number().int().min(1).max(100_000),
  size: z.number().int().min(1),
  parts: z.number().int().min(1).max(1000),
  sha256: Sha256,
})
export type Pack = z.infer<typeof Pack>

export function compositeChecksum(pack: Pack): string {
  return `${pack.sha256}-${pack.parts}`
}

/** The small signed document of a snapshot (`failsafe.manifest/1`). Everything else is reached, and proved, from here. */
export const Manifest = z.object({
  format: z.literal('failsafe.manifest/1'),
  agent: AgentId,
  source: SourceId,
  snapshot: SnapshotId,
  run: RunId,
  engine: EngineKind,
  engineVersion: z.string().max(200),
  uploader: z.string().max(100),
  lane: Lane,
  kind: SnapshotKind,
  /** The host's clock: when the run opened the snapshot and when it signed this. */
  startedAt: z.iso.datetime(),
  sealedAt: z.iso.datetime(),
  /** age recipients every artefact and the index are sealed to. */
  recipients: z
    .array(z.string().regex(/^age1[0-9a-z]+$/))
    .min(1)
    .max(10),
  partSize: z
    .number()
    .int()
    .min(5 * 1024 * 1024),
  packs: z.array(Pack).min(1).max(packLimit),
  totals: z.object({
    artefacts: z.number().int().min(0),
    /** Bytes before compression. */
    sourceBytes: z.number().int().min(0),
    /** Bytes of sealed artefacts and index, which is what was stored but for the unit list. */
    sealedBytes: z.number().int().min(0),
  }),
  /** The sealed index; `sha256` is over its JSON lines before sealing. */
  index: z.object({ extents: z.array(Extent).min(1), size: z.number().int().min(1), sha256: Sha256 }),
  /** The unit list, which is not sealed. */
  units: z.object({ extents: z.array(Extent).min(1), count: z.number().int().min(1), sha256: Sha256 }),
})
export type Manifest = z.infer<typeof Manifest>

export const manifestLimit = 64 * 1024

export const ArtefactRole = z.enum([
  'database',
  'schema',
  'data',
  'log',
  'control-file',
  'config',
  'accounts',
  'system-state',
  'file',
])
export type ArtefactRole = z.infer<typeof ArtefactRole>

/** One line of the index: one artefact, in restore order. `sha256` and `size` are of the plain bytes. */
export const IndexLine = z.object({
  name: z.string().min(1).max(4096),
  role: ArtefactRole,
  unit: z.string().min(1).max(512),
  size: z.number().int().min(0),
  sealedSize: z.number().int().min(1),
  sha256: Sha256,
  extents: z.array(Extent).min(1),
  /** What the engine wants back at restore (table, chunk, character set …). */
  attributes: z.record(z.string(), z.string()).optional(),
})
export type IndexLine = z.infer<typeof IndexLine>
