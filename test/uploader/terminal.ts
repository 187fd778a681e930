import { PassThrough } from 'node:stream'
import { dispatch } from '../../uploader/commands/dispatch.ts'

export interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** Runs a command line in this process. */
export async function runHere(
  args: string[],
  {
    env = {},
    input = '',
    now = () => new Date('2026-11-22T12:00:00Z'),
  }: { env?: NodeJS.ProcessEnv; input?: string; now?: () => Date } = {},
): Promise<Ended> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  stdin.end(input)
  const signal = new AbortController().signal
  const code = await dispatch(args, { stdin, stdout, stderr, env, platform: 'linux', signal, now })
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}
