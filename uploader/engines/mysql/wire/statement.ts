import type { Server } from '../connection/server.ts'
import { parseError, ServerError } from './server-error.ts'

const maxPacket = 0xffffff

/** A statement's text: in memory, or yielded piece by piece where it is too long for that. */
export interface Statement {
  length: number
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>
}

/**
 * Has the server run one statement that answers without rows; returns the number of its warnings. The pieces are valid until the next one
 * is asked for. On a connection that nobody else uses.
 * @throws ServerError, or the error that the connection was lost with
 */
export async function execute(server: Server, statement: Statement): Promise<number> {
  let settle = (_answer: Buffer | Error) => {}
  const answered = new Promise<Buffer | Error>(resolve => {
    settle = resolve
  })
  let received: Buffer = Buffer.alloc(0)
  const { socket, release } = server.borrow(chunk => {
    received = Buffer.concat([received, chunk])
    if (received.length < 4 || received.length < 4 + received.readUIntLE(0, 3)) return
    settle(received.subarray(4, 4 + received.readUIntLE(0, 3)))
  }, settle)
  try {
    // A server that refuses a long statement answers before it has read it, or hangs up.
    const sent = send(socket, statement, () => server.lost !== undefined)
    sent.catch(() => {}) // after a refusal it does not matter what became of the rest
    const answer = await Promise.race([answered, sent.then(() => answered)])
    if (answer instanceof Error) throw answer
    if (answer[0] === 0xff) throw parseError(answer)
    if (answer[0] !== 0x00) throw new ServerError(0, 'HY000', 'it answered with rows')
    await sent
    return warningsOf(answer)
  } finally {
    release()
  }
}

interface Sink {
  write(bytes: Buffer): boolean
  once(event: 'drain' | 'close', listener: () => void): unknown
  off(event: 'drain' | 'close', listener: () => void): unknown
}

/** COM_QUERY over as many packets as it needs. */
async function send(socket: Sink, { length, pieces }: Statement, isLost: () => boolean): Promise<void> {
  let left = length + 1
  let inPacket = 0
  let sequence = 0
  const write = async (bytes: Buffer) => {
    if (!socket.write(bytes)) await drained(socket)
  }
  const begin = async () => {
    inPacket = Math.min(left, maxPacket)
    const header = Buffer.alloc(4)
    header.writeUIntLE(inPacket, 0, 3)
    header[3] = sequence++ & 0xff
    await write(header)
  }
  await begin()
  await write(Buffer.from([0x03]))
  inPacket--
  left--
  for await (const piece of pieces) {
    let rest = piece
    while (rest.length > 0) {
      if (isLost()) return
      if (inPacket === 0) await begin()
      const now = rest.subarray(0, inPacket)
      await write(now)
      inPacket -= now.length
      left -= now.length
      rest = rest.subarray(now.length)
    }
  }
  // A packet of the greatest length says that another one follows, even if nothing is left.
  if ((length + 1) % maxPacket === 0) await begin()
}

function drained(socket: Sink): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.once('drain', done)
    socket.once('close', done)
  })
}

/** OK packet: 0x00, affected rows, last id, status (2 bytes), warnings (2 bytes). */
function warningsOf(answer: Buffer): number {
  let at = 1
  for (let number = 0; number < 2; number++) {
    const first = answer[at]!
    at += first < 0xfc ? 1 : first === 0xfc ? 3 : first === 0xfd ? 4 : 9
  }
  return answer.readUInt16LE(at + 2)
}
