import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContext } from 'node:tls'
import type { Faults, Received } from '../faults.ts'
import type { Instance } from '../model/instance.ts'
import type { Login } from '../model/login.ts'
import { message, type Message as Refusal } from '../model/messages.ts'
import { SqlError } from '../model/sql-error.ts'
import { BatchEnded } from '../session/batch.ts'
import { Session } from '../session/session.ts'
import type { Mounts } from '../statements/device.ts'
import { type Login7, readLogin } from './login.ts'
import { nonceSize, proves, readAuthentication, writeChallenge } from './ntlm.ts'
import { type Message, MessageReader, packetType, toPackets } from './packet.ts'
import { perform } from './perform.ts'
import { encryption, readEncryption, writePrelogin } from './prelogin.ts'
import { Reply } from './reply.ts'
import { startTls } from './tls.ts'
import {
  authenticationToken,
  collationChange,
  databaseChange,
  loginAck,
  packetSizeChange,
  resetChange,
} from './tokens.ts'

/** What all connections of a server share. */
export interface Host {
  instance: Instance
  faults: Faults
  mounts: Mounts
  secureContext: SecureContext
  /** Whether TLS is there for those who ask, is a condition, or is not there. */
  tls: 'offered' | 'required' | 'none'
  received(statement: Received): void
  nextSession(): number
}

/** Why a request was broken off. */
class Cancelled extends Error {}
class Gone extends Error {}

/** The size that packets have before the login has agreed on one. */
const firstPacketSize = 4096

/**
 * One client, from its PRELOGIN to its end.
 *
 *     PRELOGIN ── TLS ── LOGIN7 ── request ── request ── …
 *                                    └ ATTENTION: the request is broken off, its reply closed, the attention acknowledged
 */
export class Connection {
  readonly #host: Host
  readonly #socket: Socket
  #stream: Duplex
  #packetSize = firstPacketSize
  #session: Session | null = null
  /** A login by NTLM that has not answered yet. */
  #challenged: { login: Login7; nonce: Buffer } | null = null
  /** Requests wait for the one before them. */
  #last: Promise<void> = Promise.resolve()
  #running: AbortController | null = null
  /** Nothing that the client says is heard any more. */
  #deaf = false
  /** Its end is not noticed. */
  #lingers = false

  constructor(socket: Socket, host: Host) {
    this.#socket = socket
    this.#host = host
    this.#stream = socket
    this.#listen(socket)
    // A client that goes away is not the server's error.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#noticeEnd())
  }

  #destroy(): void {
    this.#socket.destroy()
  }

  /** The client has gone, and the server knows. */
  #noticeEnd(): void {
    if (this.#lingers) return
    if (this.#session) this.#host.instance.visitors.delete(this.#session.id)
    this.#running?.abort(new Gone())
  }

  #linger(lingers: boolean): void {
    this.#lingers = lingers
    if (this.#socket.destroyed) this.#noticeEnd()
  }

  /** Ends it, noticed or not. */
  kill(): void {
    this.#destroy()
    this.#linger(false)
  }

  #listen(stream: Duplex): void {
    this.#stream = stream
    const reader = new MessageReader()
    const listener = (chunk: Buffer) => {
      for (const each of reader.push(chunk)) {
        // PRELOGIN decides on TLS: then what comes next is no longer this listener's.
        if (each.type === packetType.prelogin) this.#prelogin(each, () => stream.off('data', listener))
        else this.#receive(each)
      }
    }
    stream.on('data', listener)
    stream.on('error', () => this.#socket.destroy())
  }

  #prelogin({ data }: Message, stopListening: () => void): void {
    const wanted = readEncryption(data) === encryption.on || readEncryption(data) === encryption.required
    const { tls, instance, secureContext } = this.#host
    const answer =
      tls === 'none'
        ? encryption.unsupported
        : wanted
          ? encryption.on
          : tls === 'required'
            ? encryption.required
            : encryption.unsupported
    this.#write(writePrelogin(instance.release, answer))
    if (answer !== encryption.on) return
    stopListening()
    this.#listen(startTls(this.#socket, secureContext))
  }

  #receive(received: Message): void {
    if (this.#deaf) return
    switch (received.type) {
      case packetType.login:
        this.#login(readLogin(received.data))
        return
      case packetType.authentication:
        this.#authenticate(received.data)
        return
      case packetType.attention:
        if (this.#running) this.#running.abort(new Cancelled())
        else this.#reply(false).acknowledgeAttention()
        return
      default: {
        const session = this.#session
        if (session) this.#last = this.#last.then(() => this.#run(session, received))
        else this.#destroy()
      }
    }
  }

  #login(login: Login7): void {
    if (login.integrated) {
      this.#challenged = { login, nonce: randomBytes(nonceSize) }
      this.#reply(false).alone(authenticationToken(writeChallenge(this.#challenged.nonce, 'DOMAIN')))
      return
    }
    const known = this.#host.instance.logins.get(login.userName.toLowerCase())
    if (known?.password === login.password) this.#admit(login, known)
    else this.#refuse([message(18456, login.userName)])
  }

  /** The answer to the challenge: Windows' logins are named `DOMAIN\user`. */
  #authenticate(data: Buffer): void {
    const challenged = this.#challenged
    if (!challenged) {
      this.#destroy()
      return
    }
    const answer = readAuthentication(data)
    const name = `${answer.domain}\\${answer.userName}`
    const known = this.#host.instance.logins.get(name.toLowerCase())
    if (known && proves(answer, known.password, challenged.nonce)) this.#admit(challenged.login, known)
    else this.#refuse([message(18456, name)])
  }

  #admit(login: Login7, known: Login): void {
    const { instance, nextSession } = this.#host
    const session = this.#newSession(login, known, nextSession())
    try {
      session.use(login.database || 'master')
    } catch (error) {
      if (!(error instanceof SqlError)) throw error
      this.#refuse([message(4060, login.database), message(18456, known.name)])
      return
    }
    this.#session = session
    instance.visitors.set(session.id, session)
    this.#welcome(session, login)
  }

  #welcome(session: Session, login: Login7): void {
    const { instance } = this.#host
    const reply = this.#reply(false)
    reply.token(databaseChange(session.database, 'master'))
    reply.token(collationChange())
    reply.token(packetSizeChange(login.packetSize))
    reply.token(loginAck(instance.release))
    reply.end()
    this.#packetSize = login.packetSize
  }

  #newSession(login: Login7, known: Login, id: number): Session {
    return new Session(this.#host.instance, {
      id,
      login: known,
      programName: login.programName,
      hostName: login.hostName,
      database: 'master',
      kill: () => this.kill(),
    })
  }

  #refuse(messages: Refusal[]): void {
    const reply = this.#reply(false)
    for (const each of messages) reply.message(each)
    reply.end()
  }

  async #run(session: Session, request: Message): Promise<void> {
    const running = new AbortController()
    this.#running = running
    const { clock } = this.#host.instance
    session.request = {
      command: 'SELECT',
      database: session.database,
      startTime: clock.local(),
      percentComplete: 0,
      waitType: null,
    }
    const reply = this.#reply(request.type === packetType.rpc)
    try {
      if (request.reset) {
        session.reset()
        reply.token(resetChange())
      }
      await perform(request, session, reply, {
        mounts: this.#host.mounts,
        signal: running.signal,
        statement: (text, parameters) => this.#statement(session, running.signal, text, parameters),
      })
    } catch (error) {
      if (running.signal.aborted) this.#abandon(reply, running.signal.reason)
      else if (!(error instanceof BatchEnded)) this.#broken(error)
    } finally {
      this.#running = null
      session.request = null
    }
  }

  /** @returns how the statement's faults hear how far it is */
  #statement(session: Session, signal: AbortSignal, text: string, parameters: Received['parameters']) {
    const received = { session: session.id, programName: session.programName, text, parameters }
    this.#host.received(received)
    return this.#host.faults.for(received, {
      signal,
      kill: () => this.kill(),
      linger: lingers => this.#linger(lingers),
      deafen: () => {
        this.#deaf = true
      },
      wait: type => {
        session.request!.waitType = type
      },
    })
  }

  #abandon(reply: Reply, reason: unknown): void {
    if (!(reason instanceof Cancelled)) return
    if (!reply.closed) reply.abandon()
    this.#reply(false).acknowledgeAttention()
  }

  /** An error of the double itself ends the test that met it. */
  #broken(error: unknown): void {
    this.#destroy()
    process.nextTick(() => {
      throw error
    })
  }

  #reply(procedure: boolean): Reply {
    return new Reply(this.#stream, this.#packetSize, this.#host.instance.serverName, procedure)
  }

  #write(data: Buffer): void {
    this.#stream.write(toPackets(packetType.reply, data, this.#packetSize, true))
  }
}
