import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Failure } from '../../../../shared/failure.ts'
import { writeDurably } from '../../../files/write.ts'

/** Lies in the folder of a database that a restore makes, so that a later one knows what it finds there. */
const Mark = z.object({
  /** What it is made of: the snapshots, and the last log. */
  of: z.string(),
  state: z.enum(['begun', 'recovered']),
})

type Mark = z.infer<typeof Mark>

export function writeMark(place: string, mark: Mark): Promise<void> {
  return writeDurably(markIn(place), JSON.stringify(mark))
}

/**
 * Whether a restore of the same has made this folder, and ended. False where there is none.
 * @throws Failure `restore-exists` for whatever else is there
 */
export async function isRecovered(place: string, of: string): Promise<boolean> {
  const there = await stat(place).catch(() => undefined)
  if (!there) return false
  const mark = await readMark(place)
  if (mark?.state === 'recovered' && mark.of === of) return true
  if (mark?.state === 'begun')
    throw new Failure('restore-exists', `${place} holds what an interrupted restore has begun`, {
      why: 'its process died, or is still at work',
      fix: 'See that no restore is going on there, remove that folder, and run it again',
    })
  throw placeTaken(place)
}

export function placeTaken(place: string): Failure {
  return new Failure('restore-exists', `${place} exists already`, {
    why: 'a restore never writes over anything',
    fix: 'Name another directory as the target, or move it away',
  })
}

async function readMark(place: string): Promise<Mark | undefined> {
  try {
    return Mark.parse(JSON.parse(await readFile(markIn(place), 'utf8')))
  } catch {
    return undefined // somebody else's folder
  }
}

const markIn = (place: string) => join(place, 'failsafe-restore.json')
