import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Failure, messageOf } from '../../../../shared/failure.ts'

/** What a program of Windows said. Its words are in the language of the system; numbers and GUIDs are not. */
export interface Said {
  code: number
  stdout: string
  stderr: string
}

const longestOutput = 16 * 1024 * 1024

/** A program of Windows, by its path below System32. @throws Failure `exchange-not-windows` */
export function systemTool(...path: string[]): string {
  const root = process.env.SystemRoot
  if (root) return join(root, 'System32', ...path)
  throw new Failure('exchange-not-windows', 'Exchange is backed up on its own Windows server', {
    why: 'this machine has no SystemRoot, so it is no Windows',
    fix: 'Install failsafe on the Exchange server, and configure the source there',
  })
}

/**
 * Runs a program of Windows to its end; an abort ends it.
 * @param options `onStart`: told of the process that does it
 * @throws Failure `exchange-tool-missing`; what it says, and how it ends, is for the caller to judge
 */
export async function runTool(
  program: string,
  args: string[],
  { signal, cwd, onStart }: { signal: AbortSignal; cwd?: string; onStart?: (pid: number) => void },
): Promise<Said> {
  signal.throwIfAborted()
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true, ...(cwd && { cwd }) })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', piece => {
      said[name] = (said[name] + plainText(piece)).slice(-longestOutput)
    })
  const kill = () => child.kill('SIGKILL')
  signal.addEventListener('abort', kill, { once: true })
  if (child.pid !== undefined) onStart?.(child.pid)
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', code => resolve(code ?? -1))
    })
    signal.throwIfAborted()
    return { code, ...said }
  } catch (error) {
    signal.throwIfAborted()
    throw toolMissing(program, error)
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

export function toolMissing(program: string, cause: unknown): Failure {
  const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT'
  return new Failure('exchange-tool-missing', `${program} cannot be run`, {
    why: absent ? 'it is not there' : messageOf(cause),
    fix: 'diskshadow is part of Windows Server alone, eseutil of Exchange; run failsafe as an administrator on the Exchange server',
    cause,
  })
}

/** Some programs of Windows write two bytes for a letter. What is looked for is ASCII: numbers, GUIDs, letters of drives. */
export function plainText(text: string): string {
  return text.replaceAll('\0', '')
}

/** The last lines of what a program said, for a message. */
export function lastWords({ stdout, stderr }: Pick<Said, 'stdout' | 'stderr'>): string {
  const lines = `${stdout}\n${stderr}`
    .split(/[\r\n]+/)
    .map(line => line.trim())
    .filter(Boolean)
  return lines.slice(-3).join(' / ') || 'it said nothing'
}
