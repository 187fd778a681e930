import { spawn } from 'node:child_process'
import { messageOf } from '../../shared/failure.ts'

const longestTail = 1000

/**
 * Runs a program of the operator's after a run: `input` on its stdin, `env` beside this process's own. No shell reads the command.
 * @returns why it did not do its work; undefined when it ended with 0. Never rejects.
 */
export function runHook(
  command: readonly string[],
  { input, env, milliseconds = 60_000 }: { input: string; env: Record<string, string>; milliseconds?: number },
): Promise<string | undefined> {
  const [program, ...parameters] = command
  return new Promise(resolve => {
    let said = ''
    let late = false
    const child = spawn(program!, parameters, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    })
    let timer: NodeJS.Timeout | undefined
    const done = (problem: string | undefined) => {
      clearTimeout(timer)
      const tail = said.trim() === '' ? '' : `; it said: ${said.trim()}`
      resolve(problem === undefined ? undefined : `${problem}${tail}`)
    }
    child.once('error', error => done(messageOf(error)))
    if (child.pid === undefined) return // it could not be started; where the system has no more files to give, it has no pipes either
    timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
      // What it has started itself may hold its output open for as long as it likes.
      child.stdout.destroy()
      child.stderr.destroy()
    }, milliseconds)
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-longestTail)
      })
    child.stdin.on('error', () => child.stdin.destroy()) // a program that does not read its input closes it
    child.once('close', (code, signal) => {
      if (late) done(`it did not end within ${milliseconds / 1000} seconds`)
      else done(code === 0 ? undefined : `it ended with ${code ?? signal}`)
    })
    child.stdin.end(input)
  })
}
