import { open } from 'node:fs/promises'
import { Failure } from '../../shared/failure.ts'
import type { IndexLine } from '../../shared/manifest.ts'
import { holds } from '../staging/check-file.ts'
import type { RunDirectory } from '../staging/directory.ts'
import { stagingFailure } from '../staging/failures.ts'
import { Journal, type RecordOf } from '../staging/journal.ts'
import type { Bytes, LaidPack, Remains } from '../staging/remains.ts'
import { removeFile } from '../staging/remove-file.ts'
import { LineSealer } from '../staging/sealed-line.ts'
import type { BackupOptions, Opened } from './backup.ts'
import { KeptLine } from './kept.ts'
import { unlessRefused } from './unless-refused.ts'

/** A run that died while it staged, with the same snapshot still open, and what of it need not be read again. */
export interface Continued {
  run: RecordOf<'run'>
  opened: Opened
  directory: RunDirectory
  journal: Journal
  laid: LaidPack[]
  kept: ReadonlyMap<string, IndexLine>
  /** For a run that is to be another one after all. */
  discard(): Promise<void>
}

/** Whether there may be something to go on with. */
export function isContinuable(remains: Remains): boolean {
  return remains.artefacts.length > 0 && remains.run !== undefined && remains.opened !== undefined && !remains.allStaged
}

/**
 * Makes ready what a killed run had staged of artefacts that stand alone:
 *
 *   pack 1: [part 1][part 2][part 3 ··        the process died in the middle of part 3
 *            └──── artefact A ────┘└ B ··     A is journalled with the length and the hash of what part 3 held of it
 *
 *   pack 1: [part 1][part 2][part 3]          part 3 is cut there and ends the pack; B is read again, into a pack of the new process
 *
 * What the disk did not have yet when the power was cut is cut off likewise: part 3, which went on with B, is cut where A ends in it, or left out.
 *
 * So each worker of the dead process costs one artefact at most. Bytes of B in parts that were finished stay in their pack, and nothing refers to them.
 * @param opened the same run's snapshot, asked for again
 * @throws Failure `nothing-kept` where nothing can be used
 */
export async function continueRun(
  { agent, receiver }: Pick<BackupOptions<unknown, unknown>, 'agent' | 'receiver'>,
  remains: Remains,
  opened: Opened,
): Promise<Continued> {
  const { directory } = remains
  const run = remains.run!
  if (opened.snapshot !== remains.opened!.snapshot || opened.partSize !== remains.opened!.partSize)
    throw nothingKept('its snapshot was given up at the receiver')
  if (run.recipients.join() !== agent.recipients.join()) throw nothingKept('it was sealed to other recipients')
  const journal = await Journal.reopen(directory.journal, remains.length)
  try {
    const kept = readArtefacts()
    const promised = endsOf(kept.values())
    for (const pack of remains.packs.values()) {
      await cutLost(pack, promised.get(pack.n) ?? 0)
      await cutTail(pack)
    }
    const laid = [...remains.packs.values()].filter(({ parts, complete }) => complete || parts.length > 0)
    const paths = new Set(laid.flatMap(({ n, parts }) => parts.map((_part, i) => directory.part(n, i + 1))))
    await directory.empty(path => paths.has(path))
    const discard = async () => {
      await journal.close()
      await unlessRefused(receiver.abort(opened.snapshot, opened.lease.token))
      await directory.remove()
    }
    return { run, opened, directory, journal, laid, kept, discard }
  } catch (error) {
    await journal.close()
    throw error
  }

  /**
   * Ends a pack where a power cut took a part, or what came behind the end of a kept artefact in it.
   * @param promised up to where the pack was on disk, in bytes: kept artefacts lie before it
   */
  async function cutLost({ n, parts }: LaidPack, promised: number): Promise<void> {
    let end = 0
    for (const [i, { size, digest, acknowledged, begin }] of parts.entries()) {
      end += size
      if (end <= promised || acknowledged || (await holds(directory.part(n, i + 1), size, digest))) continue
      const { state, parts: stored } = await receiver.packParts(opened.snapshot, n, opened.lease.token)
      // Of an upload that is over the storage lists no parts: it has them all, or is found out when it is completed once more.
      if (state === 'complete' || state === 'closed') return
      if (stored.some(({ number }) => number === i + 1)) continue
      if (stored.some(({ number }) => number > i) || parts.slice(i).some(part => part.acknowledged))
        throw nothingKept('a part of it was lost')
      const laid = begin ? i + 1 : i
      for (let number = laid + 1; number <= parts.length; number++) await removeFile(directory.part(n, number))
      parts.length = i
      if (begin) await layBegin(n, parts, begin)
      await journal.append({ type: 'cut', pack: n, parts: laid })
      return
    }
  }

  async function cutTail({ n, parts, tail }: LaidPack): Promise<void> {
    if (tail) await layBegin(n, parts, tail)
  }

  /** The next part is the beginning of what its file holds. */
  async function layBegin(n: number, parts: LaidPack['parts'], { size, digest }: Bytes): Promise<void> {
    const number = parts.length + 1
    const path = directory.part(n, number)
    // Never made good by another pack of the same number: what the journal says of an artefact in it would then lead to other bytes.
    if (!(await holds(path, size, digest))) throw nothingKept('a file of it was removed or changed')
    await cut(path, size)
    await journal.append({ type: 'staged', pack: n, number, size, sha256: digest.toString('base64') })
    parts.push({ size, digest, acknowledged: false })
  }

  function readArtefacts(): Map<string, IndexLine> {
    const names = new LineSealer(agent.key, run.run)
    return new Map(
      remains.artefacts.map(sealed => {
        const { resumeKey, line } = opens(names, sealed)
        return [resumeKey, line]
      }),
    )
  }
}

/** By pack the end of the last artefact in it. */
function endsOf(lines: Iterable<IndexLine>): Map<number, number> {
  const ends = new Map<number, number>()
  for (const { extents } of lines)
    for (const { pack, offset, length } of extents) ends.set(pack, Math.max(ends.get(pack) ?? 0, offset + length))
  return ends
}

function opens(names: LineSealer, sealed: string): KeptLine {
  try {
    return KeptLine.parse(names.open(sealed))
  } catch (cause) {
    throw nothingKept("this host's key was changed since", cause)
  }
}

async function cut(path: string, size: number): Promise<void> {
  try {
    const file = await open(path, 'r+')
    try {
      await file.truncate(size)
      await file.datasync()
    } finally {
      await file.close()
    }
  } catch (error) {
    throw stagingFailure(error, path)
  }
}

function nothingKept(why: string, cause?: unknown): Failure {
  return new Failure('nothing-kept', 'What an earlier run had staged cannot be used', { why, cause })
}
