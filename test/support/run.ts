import { spawn } from 'node:child_process'

export interface Finished {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  seconds: number
}

/** Runs a program to its end; never throws for an exit code. `onStart` gets the child, to kill it or to watch it. */
export function run(
  program: string,
  args: string[],
  options: {
    env?: Record<string, string | undefined>
    cwd?: string
    input?: string
    onStart?: (child: { pid: number; kill(signal: NodeJS.Signals): void }) => void
    /** Each line of its output, when it comes. */
    onLine?: (line: string) => void
  } = {},
): Promise<Finished> {
  const started = performance.now()
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  let begun = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
    const lines = (begun + text).split('\n')
    begun = lines.pop()!
    for (const line of lines) options.onLine?.(line)
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  child.stdin.on('error', () => {}) // a program that does not read its input closes it: not our concern
  child.stdin.end(options.input ?? '')
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('spawn', () => options.onStart?.({ pid: child.pid!, kill: signal => child.kill(signal) }))
    child.on('close', (code, signal) =>
      resolve({ code, signal, stdout, stderr, seconds: (performance.now() - started) / 1000 }),
    )
  })
}

/** As `run`, but anything else than exit code 0 throws with what the program said. */
export async function runOk(...parameters: Parameters<typeof run>): Promise<Finished> {
  const finished = await run(...parameters)
  if (finished.code !== 0)
    throw new Error(
      `${parameters[0]} ${parameters[1].join(' ')} ended with ${finished.code ?? finished.signal}\n${finished.stdout}\n${finished.stderr}`,
    )
  return finished
}

/** The last JSON line of a `--json` run: its summary or its error. */
export function lastJson(finished: Pick<Finished, 'stdout' | 'stderr'>): Record<string, any> {
  const line = finished.stdout.trim().split('\n').at(-1)
  if (!line) throw new Error(`nothing on stdout; stderr: ${finished.stderr}`)
  return JSON.parse(line)
}
