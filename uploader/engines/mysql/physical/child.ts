import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Output } from './output.ts'

export interface Ended {
  /** Exit code, or the signal that ended it. */
  by: number | NodeJS.Signals
  /** The last lines of its stderr that may be shown. */
  lines: string[]
}

const linesKept = 8

/** Two lines for each file say nothing to a person; others list the account's grants, with the hash of its password. */
const untold = /\.\.\.done$|Streaming |Copied file|copied successfully|IDENTIFIED|Current privileges/i

/**
 * A program that runs beside us, in a process group of its own so that nothing of it outlives `kill`. Its stderr is read always; its stdout
 * only as fast as somebody takes it.
 */
export class Child {
  /** Rejects where the program cannot be started. */
  readonly ended: Promise<Ended>
  readonly #process: ChildProcess
  readonly #output: Output | undefined
  readonly #lines: string[] = []

  /** @param options.stdin a file descriptor that it reads. @param options.onLine each line of its stderr */
  constructor(
    program: string,
    args: string[],
    options: { stdin?: number; output?: Output; onLine?: (line: string) => void } = {},
  ) {
    const { stdin = 'ignore', output, onLine } = options
    this.#output = output
    this.#process = spawn(program, args, {
      stdio: [stdin, output?.stdout ?? 'ignore', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    output?.handedOver()
    const lines = createInterface({ input: this.#process.stderr! })
    lines.on('line', line => {
      if (!untold.test(line)) this.#lines.push(line)
      if (this.#lines.length > linesKept) this.#lines.shift()
      onLine?.(line)
    })
    this.ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject)
      this.#process.once('close', (code, signal) => resolve({ by: code ?? signal!, lines: this.#lines }))
    })
    // Whoever waits for it later is told then.
    this.ended.catch(() => {})
  }

  /** What it writes to `output`. Once; a chunk is valid until the next is asked for. */
  read(): AsyncGenerator<Buffer, void, undefined> {
    return this.#output!.read(this.#process.stdout)
  }

  kill(): void {
    const { pid, exitCode, signalCode } = this.#process
    if (pid !== undefined && exitCode === null && signalCode === null) {
      if (process.platform === 'win32') this.#process.kill('SIGKILL')
      else process.kill(-pid, 'SIGKILL')
    }
    // What nobody takes any more would keep it from being over.
    this.#output?.destroy()
  }
}

/** Runs a program to its end; an abort kills it, and so does a line on stderr that `hopeless` fits. */
export async function runToEnd(
  program: string,
  args: string[],
  signal: AbortSignal,
  options: { stdin?: number; hopeless?: RegExp } = {},
): Promise<Ended> {
  signal.throwIfAborted()
  const { stdin, hopeless } = options
  const child: Child = new Child(program, args, {
    ...(stdin !== undefined && { stdin }),
    onLine: line => {
      if (hopeless?.test(line)) child.kill()
    },
  })
  const kill = () => child.kill()
  signal.addEventListener('abort', kill, { once: true })
  try {
    const ended = await child.ended
    signal.throwIfAborted()
    return ended
  } finally {
    signal.removeEventListener('abort', kill)
  }
}
