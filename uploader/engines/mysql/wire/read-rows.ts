import type { Server } from '../connection/server.ts'
import { closePacket, executePacket } from './command.ts'
import { prepareStatement } from './prepare-statement.ts'
import type { RowWriter } from './row-writer.ts'
import { ServerError } from './server-error.ts'

/**
 * Runs a SELECT on a connection that nobody else uses and yields the INSERT statements that `writer` makes of it. A chunk is valid
 * until the next one is asked for; while nobody asks, the socket is paused and the server waits (its net_write_timeout is
 * raised for that). Left before the end, the connection is given up: the rest of the result would be in the way.
 */
export async function* readRows(server: Server, sql: string, writer: RowWriter): AsyncGenerator<Buffer> {
  const statement = await prepareStatement(server, sql)
  let wake = () => {}
  let lost: Error | undefined
  const { socket, release } = server.borrow(
    chunk => {
      writer.push(chunk)
      // One more chunk must always fit: a paused socket may still have one to deliver.
      if (writer.room < 2 * chunkLimit) socket.pause()
      wake()
    },
    error => {
      lost = error
      wake()
    },
  )
  let ended = false
  try {
    socket.write(executePacket(statement))
    for (;;) {
      const step = writer.step()
      if (step === 'starved') {
        if (lost) throw lost
        const woken = new Promise<void>(resolve => {
          wake = resolve
        })
        if (socket.isPaused()) socket.resume()
        await woken
      } else {
        const bytes = writer.take()
        if (bytes.length > 0) yield bytes
        if (step === 'done') break
      }
    }
    ended = true
  } catch (error) {
    // The server's own error ends the result, whatever the state of the transaction.
    ended = error instanceof ServerError
    throw error
  } finally {
    release()
    if (ended) {
      socket.resume()
      socket.write(closePacket(statement))
    } else server.destroy()
  }
}

const chunkLimit = 64 * 1024
