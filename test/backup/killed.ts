import { fork } from 'node:child_process'
import { once } from 'node:events'
import { ProblemError } from '../../shared/problem.ts'
import type { FaultPoint } from '../../uploader/fault-point.ts'
import type { Order } from './child.ts'
import type { Rig } from './support.ts'

/** A process that is ready to back up as the rig's host, and to be killed. */
export async function startRun(rig: Rig, work: Pick<Order, 'contents' | 'marker' | 'fault'>) {
  const child = fork(new URL('child.ts', import.meta.url), { stdio: 'inherit' })
  await once(child, 'message')
  child.on('message', async ({ id, method, args }: { id: number; method: string; args: unknown[] }) => {
    try {
      const call = (rig.receiver as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[method]!
      const value = await call.apply(rig.receiver, args)
      if (child.connected) child.send({ id, value }, () => {})
    } catch (error) {
      // What the vault says to the calls of a run that is dead concerns nobody.
      if (!child.connected) return
      if (!(error instanceof ProblemError)) throw error
      child.send({ id, problem: error.toDocument() }, () => {})
    }
  })
  const order: Order = { agent: rig.agent, dir: rig.dir, maxBytes: rig.maxBytes, ...work }
  return {
    begin: () => child.send({ order }),
    kill: () => child.kill('SIGKILL'),
    /** How it ended: `SIGKILL` where it was killed. */
    ended: once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null),
  }
}

/** A run that dies at a named step. */
export async function dieAt(
  rig: Rig,
  fault: FaultPoint | `${FaultPoint}:${number}`,
  contents: Order['contents'] = 'of a moment',
): Promise<void> {
  const child = await startRun(rig, { contents, marker: 'MARKER', fault })
  child.begin()
  const signal = await child.ended
  if (signal !== 'SIGKILL') throw new Error(`the run never came to ${fault}`)
}
