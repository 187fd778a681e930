import { randomInt } from 'node:crypto'
import { Failure } from '../../shared/failure.ts'

/** Below the range that the kernel hands out: nobody's outgoing connection sits on a remembered port after a restart. */
const [lowest, highest] = [20_000, 29_999]
const attempts = 50

/**
 * Starts a server on its port, or on a free one where it has none yet.
 * @param port 0: any
 * @param start must reject with the code EADDRINUSE if the port is taken
 */
export async function startOnPort<T>(what: string, port: number, start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await start(port === 0 ? randomInt(lowest, highest + 1) : port)
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (taken && port === 0 && attempt < attempts) continue
      if (!taken || port === 0) throw error
      throw new Failure('port-in-use', `${what} cannot listen on 127.0.0.1:${port}`, {
        why: 'another program does, maybe another run of this directory',
        fix: 'Stop it, or use another --directory',
        cause: error,
      })
    }
  }
}
