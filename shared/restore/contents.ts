import { identityToRecipient } from 'age-encryption'
import { Failure } from '../failure.ts'
import { type Extent, IndexLine, type Manifest } from '../manifest.ts'
import { UnitEntry } from '../snapshot.ts'
import { checked, type Sha256Hash } from './check.ts'
import { asDamageOf, damage } from './damage.ts'
import { collect, jsonLines } from './jsonl.ts'

export const bytesOf = (extents: readonly Extent[]) => extents.reduce((sum, { length }) => sum + length, 0)

/** What reads the packs of one snapshot. */
export interface ExtentReader {
  /** The bytes of `extents`, one after the other. @throws Failure `pack-damaged` or `download-failed` */
  read(extents: readonly Extent[]): AsyncIterable<Uint8Array>
}

/** How this machine opens and hashes: with Node's own code in the uploader, with libraries in a browser. */
export interface Means {
  /** The plain bytes of one sealed artefact. @throws Failure `sealed-damaged`, `identity-does-not-open` */
  open(sealed: AsyncIterable<Uint8Array>, identities: readonly string[]): AsyncIterable<Uint8Array>
  newHash(): Sha256Hash
}

/** Reads what is in a snapshot, each thing proved by the signed manifest or by the index that it proves. */
export class Contents {
  readonly #means: Means

  constructor(means: Means) {
    this.#means = means
  }

  /** The unit list, which is not sealed, proved by the manifest. @throws Failure `units-damaged` */
  async units(reader: ExtentReader, { snapshot, units }: Manifest): Promise<UnitEntry[]> {
    const what = `The unit list of snapshot ${snapshot}`
    try {
      const plain = checked(reader.read(units.extents), units, this.#means.newHash())
      const list = await collect(jsonLines(plain, UnitEntry))
      if (list.length !== units.count)
        throw damage('units-damaged', what, `it has ${list.length} units, not ${units.count}`)
      return list
    } catch (error) {
      throw asDamageOf('units-damaged', what, error)
    }
  }

  /** The list of artefacts in restore order, opened with `identities` and proved by the manifest. @throws Failure `index-damaged` */
  async index(
    reader: ExtentReader,
    { snapshot, index, totals, recipients }: Manifest,
    identities: readonly string[],
  ): Promise<IndexLine[]> {
    const what = `The index of snapshot ${snapshot}`
    try {
      const opened = this.#means.open(reader.read(index.extents), identities)
      const lines = await collect(jsonLines(checked(opened, index, this.#means.newHash()), IndexLine))
      if (lines.length !== totals.artefacts)
        throw damage('index-damaged', what, `it lists ${lines.length} artefacts, the manifest ${totals.artefacts}`)
      const odd = lines.find(line => bytesOf(line.extents) !== line.sealedSize)
      if (odd) throw damage('index-damaged', what, `the extents of ${JSON.stringify(odd.name)} do not add up`)
      return lines
    } catch (error) {
      if (isCode(error, 'identity-does-not-open')) {
        if (await isRecipient(identities, recipients))
          throw damage('index-damaged', what, 'it is sealed to this identity, and its header was changed', error)
        throw await foreignIdentity(snapshot, recipients, identities, error)
      }
      throw asDamageOf('index-damaged', what, error)
    }
  }

  /** Passes on what an artefact was opened to. Only when this ends without an error is it what was backed up. @throws Failure `artefact-damaged` */
  async *artefact(
    opened: AsyncIterable<Uint8Array>,
    line: IndexLine,
    snapshot: string,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* checked(opened, line, this.#means.newHash())
    } catch (error) {
      const what = `The artefact ${JSON.stringify(line.name)} of snapshot ${snapshot}`
      // The identity has opened the index already, which is sealed to the same recipients.
      if (isCode(error, 'identity-does-not-open'))
        throw damage('artefact-damaged', what, 'its header was changed, or it is sealed to somebody else', error)
      throw asDamageOf('artefact-damaged', what, error)
    }
  }
}

/**
 * Whether the manifest says that it is sealed to one of these identities. Whoever brings the kit of somebody else is to hear that, and not that the kit has
 * not vouched for the signer.
 * @throws Failure `identity-does-not-open`
 */
export async function requireRecipient({ snapshot, recipients }: Manifest, identities: readonly string[]) {
  if (!(await isRecipient(identities, recipients))) throw await foreignIdentity(snapshot, recipients, identities)
}

async function foreignIdentity(
  snapshot: string,
  recipients: readonly string[],
  identities: readonly string[],
  cause?: unknown,
): Promise<Failure> {
  const given = await Promise.all(identities.map(identityToRecipient))
  return new Failure('identity-does-not-open', `This identity does not open snapshot ${snapshot}`, {
    why: `the snapshot is sealed to ${recipients.join(', ')}, and this is the identity of ${given.join(', ')}`,
    fix: 'Use the recovery kit whose line "# recipient:" says so; nothing is damaged',
    cause,
  })
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Failure && error.code === code
}

/** Whether the manifest, which is signed, says that one of these identities must open the snapshot. */
async function isRecipient(identities: readonly string[], recipients: readonly string[]): Promise<boolean> {
  for (const identity of identities) if (recipients.includes(await identityToRecipient(identity))) return true
  return false
}
