import type { Receiver } from '../receiver/receiver.ts'
import { briefly } from './briefly.ts'

/** How long it may take: the run is over either way. */
const recordTime = 15_000

/** What the receiver takes: characters of each text, and so many warnings. */
const longest = { code: 100, message: 2000, warning: 1000 }
const mostWarnings = 50
/** Bytes of all warnings as they are sent: with the message they stay below the 64 KiB that a request may have, in every script. */
const warningRoom = 48 * 1024

type Told = Omit<Parameters<Receiver['recordRun']>[0], 'warnings'>

/** Tells the receiver how a run ended, with as much of its warnings as it takes. */
export async function recordOutcome(
  receiver: Pick<Receiver, 'recordRun'>,
  { code, message, ...run }: Told,
  warnings: readonly string[],
): Promise<void> {
  const told = {
    ...run,
    ...(code !== undefined && { code: beginning(code, longest.code) }),
    ...(message !== undefined && { message: beginning(message, longest.message) }),
    warnings: fitting(warnings),
  }
  await briefly(receiver.recordRun(told), recordTime)
}

function fitting(warnings: readonly string[]): string[] {
  const told: string[] = []
  let room = warningRoom
  for (const warning of warnings.slice(0, mostWarnings)) {
    const text = beginning(warning, longest.warning)
    room -= Buffer.byteLength(JSON.stringify(text)) + 1
    if (room < 0) break
    told.push(text)
  }
  return told
}

/** Without half a character, at its end or, as names of files on Windows may have it, inside: the receiver takes none. */
function beginning(text: string, length: number): string {
  return text.slice(0, length).toWellFormed()
}
