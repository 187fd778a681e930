import type { QueryOptions, Server } from '../connection/server.ts'
import { progress } from '../statements/discovery.ts'

/** When a statement counts as stuck. In milliseconds. */
export interface Patience {
  /** Without any sign of progress for so long it is stopped. */
  stall: number
  /** So often the server is asked how far it is. */
  poll: number
}

export const patience: Patience = { stall: 15 * 60_000, poll: 30_000 }

/** Nothing moved for too long. */
export class Stalled extends Error {
  /** What the server said that it was waiting for. */
  readonly wait: string

  constructor(wait: string) {
    super(`nothing moved any more; the server was waiting for ${wait}`)
    this.wait = wait
  }
}

/** `n percent processed.` */
const percentMessage = 3211

/**
 * Runs a BACKUP and looks after it: each message of the server is a sign of life, and so is a growing percentage, which another connection asks for. The
 * driver's own limit is none: it ends with the first message.
 * @throws Stalled, with the statement stopped on the server; else what `work` throws
 */
export async function watch<T>(
  work: (options: QueryOptions) => Promise<T>,
  watched: {
    signal: AbortSignal
    patience: Patience
    /** Another connection, and the session on the server that it asks about. */
    control: Pick<Server, 'query'>
    session: number
    /** The server waits for us: that it does not move is not its fault. */
    isHeldUp(): boolean
    onPercent(percent: number): void
  },
): Promise<T> {
  const { signal, control, session, isHeldUp, onPercent } = watched
  const { stall, poll } = watched.patience
  const stop = new AbortController()
  let moved = performance.now()
  let percent = 0
  let asking = false
  const move = (now: number) => {
    moved = performance.now()
    if (now > percent) onPercent(now)
    percent = Math.max(percent, now)
  }
  const look = async () => {
    if (isHeldUp()) moved = performance.now()
    const [row] = await control.query(progress(session))
    const now = Number(row?.percent_complete ?? 0)
    if (now > percent) move(now)
    if (performance.now() - moved < stall) return
    stop.abort(new Stalled(String(row?.wait_type ?? row?.last_wait_type ?? 'nothing that it names')))
  }
  const timer = setInterval(() => {
    if (asking) return
    asking = true
    // Who cannot ask still stops what says nothing.
    look()
      .catch(() => {
        if (performance.now() - moved >= stall) stop.abort(new Stalled('nothing that it would tell'))
      })
      .finally(() => {
        asking = false
      })
  }, poll)
  try {
    return await work({
      signal: AbortSignal.any([signal, stop.signal]),
      onMessage({ number, message }) {
        const said = number === percentMessage ? Number.parseInt(message, 10) : Number.NaN
        move(Number.isFinite(said) ? said : percent)
      },
    })
  } finally {
    clearInterval(timer)
  }
}
