import { connect, type Socket } from 'node:net'

export type Address = { path: string } | { host: string; port: number }

const readSize = 64 * 1024

/**
 * A socket that reads into one buffer again and again. While it is borrowed the chunks go to the borrower as they are (they are
 * valid during the call only), so that a table of a terabyte does not pass through as garbage of the same size; else they are
 * copied and reach the listeners of `data` as with any socket.
 */
export class ReusingSocket {
  readonly socket: Socket
  #borrower: ((chunk: Buffer) => void) | undefined

  constructor(address: Address) {
    const buffer = Buffer.allocUnsafeSlow(readSize)
    const callback = (length: number) => {
      const chunk = buffer.subarray(0, length)
      if (this.#borrower) this.#borrower(chunk)
      else this.socket.emit('data', Buffer.from(chunk))
      return true
    }
    const onread = { buffer, callback }
    this.socket =
      'path' in address
        ? connect({ ...address, onread })
        : connect({ ...address, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000, onread })
  }

  borrow(deliver: (chunk: Buffer) => void): () => void {
    this.#borrower = deliver
    return () => {
      this.#borrower = undefined
    }
  }
}

/** The same for a socket under TLS, whose chunks are new buffers anyway: its listeners of `data` step aside for a while. */
export function borrowListeners(socket: Socket, deliver: (chunk: Buffer) => void): () => void {
  const owners = socket.listeners('data') as ((chunk: Buffer) => void)[]
  for (const owner of owners) socket.off('data', owner)
  socket.on('data', deliver)
  return () => {
    socket.off('data', deliver)
    for (const owner of owners) socket.on('data', owner)
  }
}
