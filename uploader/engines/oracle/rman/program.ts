import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { RmanSettings } from '../settings.ts'

/** What it wrote, and how it ended: its exit code, or the signal. */
interface Ended {
  by: number | string
  lines: string[]
}

/** The newest lines of it, at most 200. */
interface Said {
  lines: string[]
  complaints: string[]
}

const linesKept = 200
/** How it says that something went wrong; 8xxx only say what it does. */
const complaint = /^(RMAN-(?!0?8\d{3}\b)\d{5}|ORA-\d{5}):/

/** Where its program lies. */
export const programOf = ({ home, program }: RmanSettings) => program ?? join(home, 'bin', 'rman')

/**
 * Runs commands in Oracle's Recovery Manager on this machine, as the account of the operating system; an abort kills it.
 * @param started is told its process id, and done before it is told any command. @returns all that it said, and what it complains of although it ended well
 * @throws Failure `rman-missing`, `rman-failed`; what `started` throws
 */
export async function runRman(
  settings: RmanSettings,
  commands: readonly string[],
  signal: AbortSignal,
  started: (pid: number) => Promise<void> = async () => {},
): Promise<Said> {
  signal.throwIfAborted()
  const { by, lines } = await start(settings, commands, signal, started)
  signal.throwIfAborted()
  const complaints = lines.filter(line => complaint.test(line))
  if (by === 0) return { lines, complaints }
  throw new Failure('rman-failed', `RMAN ended with ${by}`, {
    why: complaints.slice(-5).join('; ') || lines.slice(-3).join('; ') || 'it said nothing',
    fix: 'Run rman target / by hand, as the account that runs failsafe: it has to be a member of the group dba or backupdba',
    retriable: true,
  })
}

async function start(
  settings: RmanSettings,
  commands: readonly string[],
  signal: AbortSignal,
  started: (pid: number) => Promise<void>,
): Promise<Ended> {
  const { home, sid } = settings
  const child = spawn(programOf(settings), [], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
    env: { ...process.env, ORACLE_HOME: home, ORACLE_SID: sid, LANG: 'C', NLS_LANG: 'AMERICAN_AMERICA.AL32UTF8' },
  })
  const lines: string[] = []
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on('line', line => {
      lines.push(line.trim())
      if (lines.length > linesKept) lines.shift()
    })
  const kill = () => {
    if (child.pid === undefined || child.exitCode !== null) return
    if (process.platform === 'win32') child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  }
  signal.addEventListener('abort', kill, { once: true })
  // One that has ended does not read its commands any more; how it ended is what counts.
  child.stdin.on('error', () => {})
  const { promise, resolve, reject } = Promise.withResolvers<Ended>()
  child.once('error', error => reject(missing(settings, error)))
  child.once('close', (code, ended) => resolve({ by: code ?? ended!, lines }))
  try {
    if (child.pid !== undefined) await started(child.pid)
    child.stdin.end(`${commands.join('\n')}\nEXIT;\n`)
    return await promise
  } catch (error) {
    kill()
    throw error
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

function missing(settings: RmanSettings, error: Error): Failure {
  return new Failure('rman-missing', `${programOf(settings)} cannot be started`, {
    why: messageOf(error),
    fix: 'Correct rman.home, or leave out method: rman; the other method needs no program of Oracle',
    cause: error,
  })
}
