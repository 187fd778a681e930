import { execFile } from 'node:child_process'
import { fstatSync } from 'node:fs'
import { win32 } from 'node:path'
import type { Writable } from 'node:stream'
import { printable } from '../output/format.ts'
import type { Level, Sink } from './log.ts'
import type { RotatingFile } from './rotating-file.ts'

/** One JSON object per line. */
export function toFile(file: RotatingFile): Sink {
  return entry => file.append(JSON.stringify(entry))
}

/** Priorities of syslog, which the journal reads from the beginning of a line. */
const priorities: Record<Level, number> = { error: 3, warning: 4, info: 6 }

/** A line for people. In systemd's journal each has its priority, so that `journalctl -p err` shows the failures. */
export function toStderr(stderr: Writable, journal: boolean): Sink {
  return ({ time, level, message }) => {
    const mark = journal ? `<${priorities[level]}>` : `${time.slice(0, 19).replace('T', ' ')} `
    stderr.write(`${mark}${printable(message)}\n`)
  }
}

/** systemd says where its journal listens (`man systemd.exec`); a child that has been given another stderr inherits the word, but not the place. */
export function isJournal({ JOURNAL_STREAM }: NodeJS.ProcessEnv, descriptor = 2): boolean {
  if (JOURNAL_STREAM === undefined) return false
  const { dev, ino } = fstatSync(descriptor, { bigint: true })
  return JOURNAL_STREAM === `${dev}:${ino}`
}

/** The event log cuts off what is longer, and the command line has its limit too. */
const longestEvent = 1000

export function eventProgram({ SystemRoot = 'C:\\Windows' }: NodeJS.ProcessEnv): string {
  return win32.join(SystemRoot, 'System32', 'eventcreate.exe')
}

/** Failures go to the application log of Windows, where those look who watch it. @param program `eventcreate.exe` */
export function toEventLog(program: string, onProblem: (error: Error) => void): Sink {
  return ({ level, message }) => {
    if (level !== 'error') return
    const text = printable(message).slice(0, longestEvent)
    const parameters = ['/T', 'ERROR', '/ID', '1', '/L', 'APPLICATION', '/SO', 'FailSafe', '/D', text]
    execFile(program, parameters, { windowsHide: true, timeout: 60_000 }, error => {
      if (error) onProblem(error)
    })
  }
}
