import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { Failure } from '../../shared/failure.ts'
import { ask } from '../control/ask.ts'
import { DaemonStatus } from '../control/requests.ts'
import { holdName } from '../files/hold-name.ts'

/**
 * Makes this process the daemon of a state directory, until `release` or until it dies.
 * @throws Failure `daemon-running`
 */
export async function holdDaemon(state: string): Promise<{ release(): Promise<void> }> {
  const place = createHash('sha256')
    .update(await realpath(state))
    .digest('hex')
    .slice(0, 32)
  const held = await holdName(`daemon-${place}`)
  if (held && !(await isAnswered(state))) return held
  await held?.release()
  throw new Failure('daemon-running', `Another failsafe runs already for the state in ${state}`, {
    fix: 'See: failsafe status. To start it anew, stop that one first',
  })
}

/** One in a container of its own does not share our names, but its socket lies in the directory that both use. */
async function isAnswered(state: string): Promise<boolean> {
  try {
    return (await ask(state, 'daemon', { ask: 'status' }, DaemonStatus, 2000)) !== undefined
  } catch {
    return true // somebody is there who does not answer us
  }
}
