import { randomBytes } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { readLine } from '../../../control/line.ts'
import { heard, letGo } from './hook-words.ts'

const longestWord = 256
const wordTime = 30_000

/**
 * Where the hook that diskshadow runs is held. It ends well only where it is told to; where this process dies, the connection does too, and it ends badly.
 *
 *   diskshadow ──exec──▶ hook ──token──▶ gate
 *                          ◀── let go ──        the backup is ended, and Exchange truncates
 *                          ──heard──▶
 *                          ◀── closed ──        the hook fails, and diskshadow stops without truncating
 */
export class Gate {
  readonly address: string
  readonly token = randomBytes(24).toString('hex')
  /** A hook has come. */
  readonly arrived: Promise<undefined>
  readonly #server: Server
  #hook: Socket | undefined
  #lost = false

  private constructor(address: string) {
    this.address = address
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.arrived = promise
    this.#server = createServer(socket => {
      socket.on('error', () => socket.destroy())
      readLine(socket, longestWord, wordTime).then(
        word => {
          if (word !== this.token || this.#hook) return void socket.destroy()
          this.#hook = socket
          socket.once('close', () => {
            this.#lost = true
          })
          resolve(undefined)
        },
        () => socket.destroy(),
      )
    })
  }

  /** The name is of no use to who does not know the token. */
  static async open(platform: NodeJS.Platform = process.platform): Promise<Gate> {
    const name = `failsafe-vss-${randomBytes(8).toString('hex')}`
    const gate = new Gate(platform === 'win32' ? `\\\\.\\pipe\\${name}` : `@${name}`)
    await new Promise<void>((resolve, reject) => {
      gate.#server.once('error', reject)
      gate.#server.listen(gate.address.replace(/^@/, '\0'), resolve)
    })
    return gate
  }

  /** Whether the hook that came went away by itself. */
  get lost(): boolean {
    return this.#lost
  }

  /** Lets the hook end well. @returns whether it has heard so; if not, it may or may not have */
  async letGo(): Promise<boolean> {
    const hook = this.#hook
    if (!hook || this.#lost) return false
    const answer = readLine(hook, longestWord, wordTime)
    hook.write(`${letGo}\n`)
    const said = await answer.catch(() => undefined) // who went away has not said that it heard
    return said === heard
  }

  /** Who is still held here ends badly. */
  close(): void {
    this.#hook?.destroy()
    this.#server.close()
  }
}
