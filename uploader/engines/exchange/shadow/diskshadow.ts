import { type ChildProcess, spawn } from 'node:child_process'
import { plainText, systemTool, toolMissing } from '../windows/tool.ts'

/** How a diskshadow ended. Its exit code is not documented: nothing rests on it alone. */
export interface Ended {
  code: number
  output: string
  /** `800423F2`, where a command failed with one. */
  result: string | undefined
}

const longestOutput = 1024 * 1024
const guid = '\\{[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\}'

/** The error of the first command that failed. */
export function resultIn(output: string): string | undefined {
  return /HRESULT:\s*(?:0x)?([0-9a-fA-F]{8})/.exec(output)?.[1]?.toUpperCase()
}

/** The ids of the shadow copies that it made under these aliases, in whatever language it says so. */
export function shadowIdsIn(output: string, aliases: readonly string[]): string[] {
  return aliases.flatMap(alias => new RegExp(`\\b${alias}\\b[^\\r\\n]*?(${guid})`).exec(output)?.[1] ?? [])
}

/** A diskshadow that runs a script. It is not ended with us: only its hook is, and then it stops by itself. */
export class Diskshadow {
  /** Rejects where it cannot be started. */
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  #output = ''

  /** @param directory it works in. @param onOutput told of all that it has said so far */
  constructor(
    script: string,
    { directory, log, onOutput }: { directory: string; log: string; onOutput?: (all: string) => void },
  ) {
    const program = systemTool('diskshadow.exe')
    this.#child = spawn(program, ['/s', script, '/l', log], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      // Windows ends the others with us.
      detached: process.platform === 'win32',
    })
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.setEncoding('utf8').on('data', piece => {
        this.#output = (this.#output + plainText(piece)).slice(-longestOutput)
        onOutput?.(this.#output)
      })
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', error => reject(toolMissing(program, error)))
      this.#child.once('close', code =>
        resolve({ code: code ?? -1, output: this.#output, result: resultIn(this.#output) }),
      )
    })
    // Whoever waits for it later is told then.
    this.ended.catch(() => {})
  }

  get pid(): number | undefined {
    return this.#child.pid
  }
}
