import type { Pack } from '../../shared/manifest.ts'
import type { RunDirectory } from './directory.ts'
import { type JournalRecord, type RecordOf, readJournal } from './journal.ts'

/** As many bytes at the beginning of a part file, and their SHA-256. */
export interface Bytes {
  size: number
  digest: Buffer
}

export interface LaidPart extends Bytes {
  acknowledged: boolean
  /** The beginning of it that was on disk, with the end of an artefact that is kept. */
  begin?: Bytes
}

/** What is known of one pack of a run that died. */
export interface LaidPack {
  n: number
  /** Numbers 1, 2, 3 …: without a gap, because they are journalled in that order. */
  parts: LaidPart[]
  /** The beginning of the part file after them, as far as it belongs to whole artefacts. */
  tail?: Bytes
  /** Complete at the receiver; its parts are not listed any more. */
  complete?: Pack
}

/** A run's journal, read. What is not there had not happened, or was never told. */
export interface Remains {
  directory: RunDirectory
  run?: RecordOf<'run'>
  opened?: RecordOf<'opened'>
  packs: Map<number, LaidPack>
  /** Artefacts with a resume key, still sealed. */
  artefacts: string[]
  allStaged?: RecordOf<'all-staged'>
  sealed?: RecordOf<'sealed'>
  committed: boolean
  /** Bytes of whole records in the journal. */
  length: number
}

export async function readRemains(directory: RunDirectory): Promise<Remains> {
  const remains: Remains = { directory, packs: new Map(), artefacts: [], committed: false, length: 0 }
  for await (const { record, end } of readJournal(directory.journal)) {
    add(remains, record)
    remains.length = end
  }
  return remains
}

function add(remains: Remains, record: JournalRecord): void {
  switch (record.type) {
    case 'run':
      remains.run = record
      return
    case 'opened':
      // A new snapshot has none of the parts that the one before it had.
      if (remains.opened && remains.opened.snapshot !== record.snapshot) forgetSent(remains)
      remains.opened = record
      return
    case 'staged': {
      const pack = packOf(remains, record.pack)
      const bytes = { size: record.size, digest: digestOf(record) }
      const begin = pack.tail && { begin: pack.tail }
      pack.parts[record.number - 1] = { ...bytes, acknowledged: false, ...begin }
      delete pack.tail
      return
    }
    case 'cut':
      packOf(remains, record.pack).parts.length = record.parts
      return
    case 'acknowledged': {
      const part = packOf(remains, record.pack).parts[record.number - 1]
      if (part) part.acknowledged = true
      return
    }
    case 'completed': {
      const pack = packOf(remains, record.pack.n)
      pack.complete = record.pack
      pack.parts = []
      return
    }
    case 'artefact':
      remains.artefacts.push(record.line)
      if (record.tail)
        packOf(remains, record.tail.pack).tail = { size: record.tail.size, digest: digestOf(record.tail) }
      return
    case 'all-staged':
      remains.allStaged = record
      return
    case 'sealed':
      remains.sealed = record
      return
    case 'committed':
      remains.committed = true
      return
  }
}

function packOf({ packs }: Remains, n: number): LaidPack {
  const pack = packs.get(n) ?? { n, parts: [] }
  packs.set(n, pack)
  return pack
}

function forgetSent(remains: Remains): void {
  delete remains.sealed
  for (const { parts } of remains.packs.values()) for (const part of parts) part.acknowledged = false
}

const digestOf = ({ sha256 }: { sha256: string }) => Buffer.from(sha256, 'base64')
