import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { z } from 'zod'
import { SnapshotKind } from '../../shared/snapshot.ts'

/** What `failsafe backup --json` says that the daemon listens to; the rest is for others. */
const Line = z.discriminatedUnion('type', [
  z.object({ type: z.literal('warning'), message: z.string() }),
  z.object({ type: z.literal('plan'), kind: SnapshotKind }),
  z.looseObject({
    type: z.literal('summary'),
    kind: SnapshotKind,
    snapshot: z.string(),
    seconds: z.number(),
    bytes: z.object({ sent: z.number() }),
  }),
  z.looseObject({
    type: z.literal('error'),
    code: z.string(),
    message: z.string(),
    why: z.string().optional(),
    fix: z.string().optional(),
    retriable: z.boolean(),
  }),
])
type Line = z.infer<typeof Line>
export type RunSummary = Extract<Line, { type: 'summary' }>
export type RunError = Extract<Line, { type: 'error' }>

/** How a run ended, as the process showed it. */
export interface RunReport {
  /** Null when it was killed. */
  exit: number | null
  signal: NodeJS.Signals | null
  /** What it set out to make; undefined before it knew. */
  planned: SnapshotKind | undefined
  result: RunSummary | RunError | undefined
  /** The tail of what it said beside its JSON: where it crashed, the reason. */
  said: string
}

/** Of a run that has not begun. @param said why */
export function neverRan(said = ''): RunReport {
  return { exit: null, signal: null, planned: undefined, result: undefined, said }
}

export interface RunChild {
  /** Undefined where it could not be started. */
  pid: number | undefined
  /** Never rejects. */
  ended: Promise<RunReport>
  kill(signal: NodeJS.Signals): void
}

/** A summary names every unit of a snapshot; there are thousands at most. */
const longestLine = 16 * 1024 * 1024
const longestTail = 4096
/** A program that a run had started may hold its output open after it; nobody waits for that one. */
const lastWords = 5000

/** Starts one run in a process of its own. `onWarning` gets what it warns of while it runs. */
export function startRun(command: readonly string[], onWarning: (message: string) => void): RunChild {
  const [program, ...parameters] = command
  const child = spawn(program!, parameters, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true })
  let planned: RunReport['planned']
  let result: RunReport['result']
  let said = ''
  const listen = (text: string) => {
    const line = parse(text)
    if (line?.type === 'warning') onWarning(line.message)
    else if (line?.type === 'plan') planned = line.kind
    else if (line) result = line
  }
  const ended = new Promise<RunReport>(resolve => {
    child.once('error', error => {
      if (child.pid === undefined) resolve(neverRan(error.message))
    })
    const over = (exit: number | null, signal: NodeJS.Signals | null) =>
      resolve({ exit, signal, planned, result, said: said.trim() })
    child.once('close', over)
    child.once('exit', (exit, signal) => setTimeout(over, lastWords, exit, signal).unref())
  })
  onLines(child.stdout, listen)
  child.stderr.setEncoding('utf8').on('data', text => {
    said = (said + text).slice(-longestTail)
  })
  return { pid: child.pid, ended, kill: signal => void child.kill(signal) }
}

function onLines(stream: Readable, take: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) take(line)
    if (rest.length > longestLine) rest = ''
  })
}

function parse(text: string): Line | undefined {
  try {
    return Line.safeParse(JSON.parse(text)).data
  } catch {
    return undefined // a line of another kind, or half of one from a process that died
  }
}
