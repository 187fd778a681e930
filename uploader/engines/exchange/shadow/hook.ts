import { connect } from 'node:net'
import { heard, letGo } from './hook-words.ts'

/**
 * What diskshadow runs between the shadow copies and the end of the backup: waits at the gate of the process that backs up.
 * @returns the exit code: 0 only where it was let go
 */
export function hook([address, token]: readonly string[]): Promise<0 | 1 | 2> {
  return new Promise(resolve => {
    if (address === undefined || token === undefined) return resolve(2)
    const socket = connect(address.replace(/^@/, '\0'))
    let said = ''
    let free = false
    socket.setEncoding('utf8')
    socket.once('connect', () => socket.write(`${token}\n`))
    socket.on('data', piece => {
      said += piece
      if (free || !said.startsWith(`${letGo}\n`)) return
      free = true
      socket.end(`${heard}\n`)
    })
    socket.on('error', () => resolve(1))
    // Nobody holds it any more: whether it was let go is all that counts.
    socket.once('close', () => resolve(free ? 0 : 1))
  })
}
