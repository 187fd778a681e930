import type { Socket } from 'node:net'

/**
 * The first line that comes, without its end.
 * @throws Error when none comes in time, it is too long, or the other side goes away
 */
export function readLine(socket: Socket, longest: number, milliseconds: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  const timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds / 1000} seconds`)), milliseconds)
  socket.setEncoding('utf8')
  socket.on('data', piece => {
    text += piece
    const end = text.indexOf('\n')
    if (end >= 0) resolve(text.slice(0, end))
    else if (text.length > longest) reject(new Error('what came is too long'))
  })
  socket.once('error', reject)
  socket.once('close', () => reject(new Error('it went away without an answer')))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.removeAllListeners('data').resume()
  })
}
