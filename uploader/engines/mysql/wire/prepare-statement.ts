import type { Server } from '../connection/server.ts'
import { preparePacket } from './command.ts'
import { parseError } from './server-error.ts'

/**
 * Has the server prepare a SELECT without parameters; returns the number that it goes by. Only then do rows come in the binary protocol: numbers as
 * they are stored, which the server need not make text of. (The digits of one DOUBLE take it longer than all else of a narrow row.)
 * @throws ServerError, or the error that the connection was lost with
 */
export async function prepareStatement(server: Server, sql: string): Promise<number> {
  let settle = (_answer: number | Error) => {}
  const answered = new Promise<number | Error>(resolve => {
    settle = resolve
  })
  let received: Buffer = Buffer.alloc(0)
  const { socket, release } = server.borrow(chunk => {
    received = Buffer.concat([received, chunk])
    const answer = answerIn(received)
    if (answer !== undefined) settle(answer)
  }, settle)
  try {
    socket.write(preparePacket(sql))
    const answer = await answered
    if (answer instanceof Error) throw answer
    return answer
  } finally {
    release()
  }
}

/** OK with the statement's number, then each column's definition and EOF; undefined until all of it is there. */
function answerIn(received: Buffer): number | Error | undefined {
  const first = packetAt(received, 0)
  if (!first) return undefined
  if (first.payload[0] === 0xff) return parseError(first.payload)
  const columns = first.payload.readUInt16LE(5)
  let { end } = first
  for (let left = columns > 0 ? columns + 1 : 0; left > 0; left--) {
    const packet = packetAt(received, end)
    if (!packet) return undefined
    end = packet.end
  }
  return first.payload.readUInt32LE(1)
}

function packetAt(bytes: Buffer, at: number): { payload: Buffer; end: number } | undefined {
  if (bytes.length < at + 4) return undefined
  const end = at + 4 + bytes.readUIntLE(at, 3)
  return bytes.length < end ? undefined : { payload: bytes.subarray(at + 4, end), end }
}
