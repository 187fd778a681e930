import { execFile } from 'node:child_process'
import { lchown } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Failure, messageOf } from '../../shared/failure.ts'

/** The system that the service is installed into. */
export interface Host {
  /** `/`, or a directory that holds an image of a system, whose paths are below it. */
  root: string
  /** Never of what a link leads to: whoever owns the place could put one there. */
  chown(path: string, uid: number, gid: number): Promise<void>
  /** Runs a program of the system to its end. @throws Failure `service-program` when it fails or is not there */
  run(program: string, args: readonly string[]): Promise<string>
}

export function thisHost(root: string): Host {
  return { root, chown: lchown, run }
}

async function run(program: string, args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { timeout: 120_000, windowsHide: true })).stdout
  } catch (cause) {
    const { stderr = '', stdout = '', code } = cause as { stderr?: string; stdout?: string; code?: string | number }
    const said = [stderr, stdout].map(text => text.trim().split('\n')[0]!).find(line => line !== '')
    throw new Failure('service-program', `${program} ${args.join(' ')} failed`, {
      why: code === 'ENOENT' ? 'there is no such program' : (said ?? messageOf(cause)),
      fix: 'Run failsafe as an administrator; if you do, run that command by hand and see what it says',
      cause,
    })
  }
}
