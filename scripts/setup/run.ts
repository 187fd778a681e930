import { spawn } from 'node:child_process'

/**
 * Runs a program with its output on our stderr and resolves to its exit code (130 when interrupted, 143 for any other signal).
 * A program that cannot be started rejects.
 * @param root what gives root rights: empty when we are root, else `sudo -n`
 */
export function run(command: string, args: string[], root: string[] = []): Promise<number> {
  const [program, ...rest] = [...root, command, ...args]
  return new Promise((resolve, reject) => {
    const child = spawn(program!, rest, { stdio: ['ignore', 2, 2] })
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)))
  })
}
