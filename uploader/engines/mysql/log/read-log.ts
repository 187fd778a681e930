import type { Server } from '../connection/server.ts'
import type { Flavour } from '../inventory.ts'
import { DumpStream, dumpPacket } from './dump-stream.ts'
import { magic } from './event-header.ts'

/** Bytes that may wait for the reader before the server has to. */
const waitingLimit = 1024 * 1024

/**
 * The bytes of one binary log as the server wrote them, through a connection that nobody else uses and that is given up afterwards.
 * Ends at the end of the file, or of the logs; a reader that has enough stops earlier.
 * @throws ServerError, or the error that the connection was lost with
 */
export async function* readLog(server: Server, flavour: Flavour, file: string): AsyncGenerator<Buffer> {
  // What a replica of old cannot take is refused or rewritten. Events without a checksum come as they are all the same.
  await server.query("SET @master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32'")
  if (flavour === 'mariadb') await server.query('SET @mariadb_slave_capability = 4')
  await server.query('SET SESSION net_write_timeout = 86400')
  let waiting: Buffer[] = [magic]
  let waitingLength = 0
  let failure: { error: unknown } | undefined
  let wake = () => {}
  const stream = new DumpStream(file, bytes => {
    waiting.push(Buffer.from(bytes))
    waitingLength += bytes.length
  })
  const { socket, release } = server.borrow(
    chunk => {
      try {
        stream.push(chunk)
      } catch (error) {
        failure ??= { error }
      }
      if (waitingLength > waitingLimit) socket.pause()
      wake()
    },
    error => {
      failure ??= { error }
      wake()
    },
  )
  try {
    socket.write(dumpPacket(file, flavour === 'mariadb'))
    for (;;) {
      if (waiting.length > 0) {
        const bytes = waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting)
        waiting = []
        waitingLength = 0
        yield bytes
      } else if (failure) throw failure.error
      else if (stream.end !== undefined) return
      else {
        const woken = new Promise<void>(resolve => {
          wake = resolve
        })
        if (socket.isPaused()) socket.resume()
        await woken
      }
    }
  } finally {
    release()
    server.destroy()
  }
}
