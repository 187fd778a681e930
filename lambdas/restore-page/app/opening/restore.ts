import { fingerprintOf } from '../../../../shared/jws.ts'
import { type FileOf, filesOf } from '../../../../shared/restore/artefacts.ts'
import { type ProvedSnapshot, proveChain, type RestoreAnswer } from '../../../../shared/restore/chain.ts'
import type { Identity } from '../../../../shared/restore/identity.ts'
import { openableManifest } from '../../../../shared/restore/openable.ts'
import type { PackReader } from '../../../../shared/restore/packs.ts'
import type { RestoreEntry } from '../../../../shared/restore/trust.ts'
import { contents } from './contents.ts'
import type { Granted } from './granted.ts'
import { openSealed } from './open-sealed.ts'
import type { Choice, Opened, Progress } from './opened.ts'

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
 * Proves all of a restore, as the command line does: signatures, unit lists, an unbroken chain to the moment, indexes, names.
 * @param choice that it was granted for
 * @param foldCase where `A` and `a` are the same file (Windows, macOS)
 * @throws Failure `agent-untrusted`, `identity-does-not-open`, a damage code, `artefact-name-refused` or `download-failed`
 */
export async function openRestore(
  granted: Granted,
  { trust = [], source, at, snapshot, units }: Choice,
  { identities, customerKey, certified }: Identity,
  foldCase: boolean,
): Promise<Restore> {
  const { answer } = granted
  const believed = { customerKeys: customerKey ? [customerKey] : [], fingerprints: new Set([...certified, ...trust]) }
  // Who brings a plain identity of age has nothing to prove a signer with, and is told so.
  const manifestOf = (entry: RestoreEntry) =>
    openableManifest(entry, source, identities, customerKey ? believed : undefined)
  const links: Link[] = []
  for (const entry of answer.snapshots) {
    const manifest = await manifestOf(entry)
    const reader = granted.reader(manifest)
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
