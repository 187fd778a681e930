import type { SourceId } from '../../shared/ids.ts'
import type { RestoreReceiver } from '../receiver/receiver.ts'
import { type Check, found, ok } from './check.ts'

const check = 'recovery-kit'
/** Levels of proof that nobody reaches without the kit. */
const withKit = ['kit', 'opened', 'restored']
/** Snapshots of each source, newest first, that are looked at. */
const most = 500
const page = 100

/** Whether the recovery kit has lately opened anything. Without it every backup is worth nothing, and nobody else can find out. */
export async function checkKit(
  receiver: Pick<RestoreReceiver, 'timeline'>,
  sources: readonly SourceId[],
): Promise<Check> {
  let snapshots = 0
  for (const source of sources) {
    let before: string | undefined
    for (let looked = 0; looked < most; looked += page) {
      const answer = await receiver.timeline(source, { limit: page, ...(before === undefined ? {} : { before }) })
      snapshots += answer.snapshots.length
      const proven = answer.snapshots.find(
        ({ proof }) => proof?.outcome === 'passed' && withKit.includes(proof.level),
      )?.proof
      if (proven) return ok(check, `It opened a backup of ${answer.sourceName} at ${proven.recordedAt}`)
      if (answer.next === null) break
      before = answer.next
    }
  }
  if (snapshots === 0) return ok(check, 'There is no backup yet that it could open')
  return found(check, {
    code: 'kit-unproven',
    grave: false,
    what: `None of the newest ${snapshots} snapshots was ever opened with the recovery kit`,
    why: 'without a kit that works nobody can restore them, and only you can try it',
    fix: 'Run: failsafe kit check --identity FILE',
  })
}
