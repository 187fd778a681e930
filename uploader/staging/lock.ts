import { createServer, type Server } from 'node:net'
import { Failure } from '../../shared/failure.ts'
import type { SourceId } from '../../shared/ids.ts'

/**
 * Holds a source on this machine until `release`. The name lives in the kernel and not on a disk, so it is free again at the moment
 * the process dies, however it dies.
 * @throws Failure `source-held` if another process holds it
 */
export async function holdSource(source: SourceId, name: string): Promise<{ release(): Promise<void> }> {
  const server = createServer(socket => socket.destroy())
  await listen(server, process.platform === 'win32' ? `\\\\.\\pipe\\failsafe-${source}` : `\0failsafe-${source}`).catch(
    error => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error
      throw new Failure('source-held', `Another run is backing up ${name} on this machine`, {
        fix: 'Wait until it has ended',
        retriable: true,
        cause: error,
      })
    },
  )
  server.unref()
  return {
    release: () => new Promise(resolve => server.close(() => resolve())),
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}
