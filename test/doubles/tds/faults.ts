import type { Message } from './model/messages.ts'
import { SqlError } from './model/sql-error.ts'
import { DeviceFault } from './statements/device.ts'

/** A statement as it came in. */
export interface Received {
  /** Which connection sent it. */
  session: number
  programName: string
  text: string
  parameters: Record<string, unknown>
}

/** What goes wrong. */
export type Fault =
  /** The connection breaks without a word. */
  | { kind: 'kill' }
  /**
   * Nothing more is heard until `release`. A deaf server does not even answer a cancel; where the session lingers, it is there until it is
   * let go or killed although its client has gone, as a server is that has not noticed it yet.
   */
  | { kind: 'stall'; deaf?: boolean; lingers?: boolean; waitType?: string }
  | { kind: 'error'; messages: Message[] }
  /** The operating system refuses the backup file. `ENOSPC` disk full, `EACCES` permission denied. */
  | { kind: 'device'; code: 'ENOSPC' | 'EACCES' | 'ENOENT' | 'EIO' }
  /** Somebody does something meanwhile. */
  | { kind: 'meanwhile'; act: () => void | Promise<void> }

export interface FaultOptions {
  /**
   * How far a BACKUP or RESTORE is when it strikes, in percent; 0 is when its file is opened. Without it, it strikes when the statement
   * arrives, and a fault of the device when the file is opened.
   */
  at?: number
  /** How often it strikes; once if nothing is said. */
  times?: number
}

type Pattern = RegExp | ((statement: Received) => boolean)

/** What a fault can do to the connection that it strikes. */
export interface Struck {
  signal: AbortSignal
  kill(): void
  deafen(): void
  /** Whether the session outlives its client. */
  linger(lingers: boolean): void
  wait(type: string | null): void
}

/** Before anything of a statement has happened. */
export const arrival = -1

/** A fault that was laid. */
export class Trap {
  readonly pattern: Pattern
  readonly fault: Fault
  readonly at: number
  left: number
  #struck = 0
  readonly #first = Promise.withResolvers<void>()
  readonly #released = Promise.withResolvers<void>()

  constructor(pattern: Pattern, fault: Fault, { at = fault.kind === 'device' ? 0 : arrival, times = 1 }: FaultOptions) {
    this.pattern = pattern
    this.fault = fault
    this.at = at
    this.left = times
  }

  /** How often it has struck. */
  get hits(): number {
    return this.#struck
  }

  /** Resolves when it strikes for the first time. */
  get struck(): Promise<void> {
    return this.#first.promise
  }

  /** Ends a stall. */
  release(): void {
    this.#released.resolve()
  }

  matches(statement: Received): boolean {
    return this.pattern instanceof RegExp ? this.pattern.test(statement.text) : this.pattern(statement)
  }

  /** @throws what the fault lets happen */
  async strike(struck: Struck): Promise<void> {
    this.left--
    this.#struck++
    this.#first.resolve()
    const { fault } = this
    switch (fault.kind) {
      case 'kill':
        struck.kill()
        return hang(struck.signal)
      case 'stall':
        if (fault.deaf) struck.deafen()
        struck.linger(fault.lingers ?? false)
        struck.wait(fault.waitType ?? 'BACKUPIO')
        await Promise.race([this.#released.promise, hang(struck.signal)])
        struck.linger(false)
        struck.wait(null)
        return
      case 'error':
        throw new SqlError(...fault.messages)
      case 'device':
        throw new DeviceFault(fault.code)
      case 'meanwhile':
        await fault.act()
    }
  }
}

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

/** Faults that wait for the statements they are laid for. */
export class Faults {
  readonly #traps: Trap[] = []

  onStatement(pattern: Pattern, fault: Fault, options: FaultOptions = {}): Trap {
    const trap = new Trap(pattern, fault, options)
    this.#traps.push(trap)
    return trap
  }

  /** The faults of one statement. Each strikes it once. @returns what is called as the statement goes on */
  for(statement: Received, struck: Struck): (percent: number) => Promise<void> {
    const waiting = new Set(this.#traps.filter(trap => trap.left > 0 && trap.matches(statement)))
    return async percent => {
      for (const trap of [...waiting]) {
        if (trap.at > percent) continue
        waiting.delete(trap)
        if (trap.left > 0) await trap.strike(struck)
      }
    }
  }
}
