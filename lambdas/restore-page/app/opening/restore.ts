import type { z } from 'zod'
import type { RestoreManifestRequest } from '../../../../shared/api/restore.ts'
import { fingerprintOf } from '../../../../shared/jws.ts'
import { type FileOf, filesOf } from '../../../../shared/restore/artefacts.ts'
import { type ProvedSnapshot, proveChain, type RestoreAnswer } from '../../../../shared/restore/chain.ts'
import type { Identity } from '../../../../shared/restore/identity.ts'
import { PackReader } from '../../../../shared/restore/packs.ts'
import { type RestoreEntry, signedManifest, verifiedManifest } from '../../../../shared/restore/trust.ts'
import { contents } from './contents.ts'
import { getRange } from './get-range.ts'
import { openSealed } from './open-sealed.ts'
import type { Choice, Opened, Progress } from './opened.ts'
import type { LinkReceiver } from './receiver.ts'

export interface RestoreMeans {
  receiver: Pick<LinkReceiver, 'restoreManifest' | 'packUrls'>
  signal: AbortSignal
  /** Waits so many milliseconds, and until there is a network. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
  /** 0 ≤ x < 1 */
  random(): number
  /** Where `A` and `a` are the same file (Windows, macOS). */
  foldCase: boolean
}

interface Link extends ProvedSnapshot {
  reader: PackReader
}

/** One restore that was opened, from which the artefacts are read. */
export interface Restore {
  opened: Opened
  /**
   * The plain bytes of an artefact; complete and proved only when this ends without an error.
   * @param onProgress called with every chunk
   * @throws Failure `artefact-damaged`, `pack-damaged` or `download-failed`
   */
  content(id: number, onProgress: (progress: Progress) => void): AsyncGenerator<Uint8Array, void, undefined>
}

/**
 * Asks for the restore manifest and proves all of it, as the command line does: signatures, unit lists, an unbroken chain to the moment, indexes, names.
 * @param idempotencyKey the same one for the same choice, so that it consumes one use of the link
 * @throws ProblemError of the receiver; Failure `agent-untrusted`, `identity-does-not-open`, a damage code, `artefact-name-refused` or `download-failed`
 */
export async function openRestore(
  { trust = [], source, at, snapshot, units }: Choice,
  idempotencyKey: string,
  { identities, customerKey, certified }: Identity,
  means: RestoreMeans,
): Promise<Restore> {
  const { receiver, foldCase } = means
  const request: z.input<typeof RestoreManifestRequest> = {
    source,
    idempotencyKey,
    ...(at === undefined ? {} : { at }),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(units === undefined ? {} : { units }),
  }
  const answer = await receiver.restoreManifest(request)
  const believed = { customerKeys: customerKey ? [customerKey] : [], fingerprints: new Set([...certified, ...trust]) }
  // Who brings a plain identity of age has nothing to prove a signer with, and is told so.
  const manifestOf = (entry: RestoreEntry) =>
    customerKey ? verifiedManifest(entry, source, believed) : signedManifest(entry, source)
  const links: Link[] = []
  for (const entry of answer.snapshots) {
    const manifest = await manifestOf(entry)
    const reader = newReader(answer, manifest, means)
    links.push({ manifest, units: await contents.units(reader, manifest), reader })
  }
  const { engine, at: leadsTo } = proveChain({ at, snapshot }, answer, links, units)
  const indexOf = ({ reader, manifest }: Link) => contents.index(reader, manifest, identities)
  const files = await filesOf(links, indexOf, foldCase)
  const { id, sourceName } = answer
  return {
    opened: {
      restoreManifest: id,
      source,
      sourceName,
      engine,
      at: leadsTo,
      signers: await signersOf(answer, fingerprint => customerKey !== undefined || trust.includes(fingerprint)),
      snapshots: answer.snapshots.map(({ snapshot, receivedAt }, i) => ({
        snapshot,
        kind: links[i]!.manifest.kind,
        receivedAt,
        doubtful: answer.doubtful.includes(snapshot),
      })),
      artefacts: files.map(described),
    },
    async *content(id, onProgress) {
      const { line, link } = files[id]!
      const progress = { artefact: id, fetched: 0, opened: 0 }
      const sealed = counted(link.reader.read(line.extents), count => {
        progress.fetched += count
        onProgress(progress)
      })
      const plain = contents.artefact(openSealed(sealed, identities), line, link.manifest.snapshot)
      yield* counted(plain, count => {
        progress.opened += count
        onProgress(progress)
      })
    },
  }
}

function newReader({ id }: RestoreAnswer, manifest: Link['manifest'], means: RestoreMeans): PackReader {
  const { receiver, signal, sleep, random } = means
  return new PackReader({
    manifest,
    sign: request => receiver.packUrls(id, request),
    getRange: (url, range) => getRange(url, range, signal),
    signal,
    sleep,
    random,
  })
}

/** Each key once. */
async function signersOf({ snapshots }: RestoreAnswer, isProven: (fingerprint: string) => boolean) {
  const signers = new Map<string, Opened['signers'][number]>()
  for (const { agent, agentKey } of snapshots) {
    const fingerprint = await fingerprintOf(agentKey)
    signers.set(fingerprint, { agent, fingerprint, proven: isProven(fingerprint) })
  }
  return [...signers.values()]
}

function described({ file, line, link }: FileOf<Link>, id: number): Opened['artefacts'][number] {
  const { name, role, unit, size, sealedSize, sha256, attributes = {} } = line
  const { snapshot } = link.manifest
  return { id, file, name, snapshot, role, unit, size, sealedSize, sha256, attributes }
}

async function* counted(chunks: AsyncIterable<Uint8Array>, count: (bytes: number) => void) {
  for await (const chunk of chunks) {
    count(chunk.length)
    yield chunk
  }
}
