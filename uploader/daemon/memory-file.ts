import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../shared/failure.ts'
import { writeDurably } from '../files/write.ts'
import { SourceMemory } from '../schedule/memory.ts'

const File = z.object({ format: z.literal('failsafe.schedule/1'), sources: z.record(z.string(), SourceMemory) })

/** What the schedule remembers over restarts, by source: `schedule.json` in the state directory. */
export type Memories = Map<string, SourceMemory>

const pathIn = (state: string) => join(state, 'schedule.json')

/**
 * Nothing that is lost with it is worth a run that does not start: a file that cannot be read counts as none, and the receiver knows what it has.
 * @returns `problem` where it is there and is of no use
 */
export async function loadMemories(state: string): Promise<{ memories: Memories; problem?: string }> {
  const path = pathIn(state)
  try {
    const { sources } = File.parse(JSON.parse(await readFile(path, 'utf8')))
    return { memories: new Map(Object.entries(sources)) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { memories: new Map() }
    const why = error instanceof z.ZodError || error instanceof SyntaxError ? 'it is damaged' : messageOf(error)
    return { memories: new Map(), problem: `${path} cannot be read: ${why}` }
  }
}

export async function saveMemories(state: string, memories: Memories): Promise<void> {
  const sources = Object.fromEntries(memories)
  await writeDurably(
    pathIn(state),
    `${JSON.stringify({ format: 'failsafe.schedule/1', sources } satisfies z.input<typeof File>, null, 2)}\n`,
  )
}
