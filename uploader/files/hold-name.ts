import { createServer, type Server } from 'node:net'

/**
 * Holds a name on this machine until `release`; undefined if another process, or another part of this one, holds it. The name lives in the
 * kernel and not on a disk, so it is free again at the moment the process dies, however it dies.
 */
export async function holdName(name: string): Promise<{ release(): Promise<void> } | undefined> {
  const server = createServer(socket => socket.destroy())
  try {
    await listen(server, process.platform === 'win32' ? `\\\\.\\pipe\\failsafe-${name}` : `\0failsafe-${name}`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    return undefined
  }
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
