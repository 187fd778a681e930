import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { release } from '../../../../shared/sealed/release.ts'
import { Blocks } from './blocks.ts'

/** The stdout of a program that is to be started, and what it writes there. */
export interface Output {
  /** What the program gets as its stdout. */
  readonly stdout: 'pipe' | Socket
  /** The program was started, or could not be. */
  handedOver(): void
  /** @param pipe the end of the pipe that is ours, where it got one. */
  read(pipe: Readable | null): AsyncGenerator<Buffer, void, undefined>
  /** Nobody reads any more. */
  destroy(): void
}

/** Of the address of a socket, where it is shortest (macOS), with its end. */
const longestAddress = 103

/**
 * A socket where one can be handed to a program: what comes is read into the blocks themselves, some hundred KiB at a time. A pipe hands over 64 KiB at most, each in
 * memory of its own: a third of the processor time that reading costs. Nobody else can reach the socket once the program starts.
 * @param directory for this account alone
 */
export async function newOutput(directory: string): Promise<Output> {
  const address = join(directory, 'stdout')
  if (process.platform === 'win32' || Buffer.byteLength(address) > longestAddress) return pipe()

  const server = createServer({ pauseOnConnect: true }).listen(address)
  try {
    await once(server, 'listening')
    const accepted = once(server, 'connection') as Promise<[Socket]>
    const blocks = new Blocks(() => socket.resume())
    const socket = connect({
      path: address,
      onread: { buffer: () => blocks.room, callback: size => blocks.took(size) },
    })
    socket.on('error', error => blocks.end(error)).once('close', () => blocks.end())
    const [stdout] = await accepted
    return {
      stdout,
      // Without a word: the program has its own hold of it, and when it lets go, all is said.
      handedOver: () => stdout.destroy(),
      read: () => blocks.read(),
      destroy: () => socket.destroy(),
    }
  } finally {
    server.close()
  }
}

function pipe(): Output {
  let destroy = () => {}
  return {
    stdout: 'pipe',
    handedOver() {},
    read(stdout) {
      const blocks = new Blocks(() => stdout!.resume())
      stdout!.on('data', (chunk: Buffer) => {
        let more = true
        for (let at = 0; at < chunk.length; ) {
          const taken = chunk.copy(blocks.room, 0, at)
          more = blocks.took(taken)
          at += taken
        }
        if (!more) stdout!.pause()
        release(chunk)
      })
      stdout!.on('error', error => blocks.end(error)).once('close', () => blocks.end())
      destroy = () => stdout!.destroy()
      return blocks.read()
    },
    destroy: () => destroy(),
  }
}
