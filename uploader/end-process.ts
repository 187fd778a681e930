import { setFlagsFromString } from 'node:v8'

/** Those of V8's compilers that work in a thread of their own. */
const compilers = ['maglev', 'turbofan']

/** On the clock of `performance`. */
let stoppedAt: number | undefined

/** Gives V8 nothing more to compile: for a process that has its work behind it, so that it can end sooner. */
export function stopCompiling(): void {
  if (stoppedAt !== undefined) return
  for (const compiler of compilers) setFlagsFromString(`--no-${compiler}`)
  stoppedAt = performance.now()
}

/**
 * Ends this process, a moment later: V8 may be compiling in a thread of its own that waits for this one to collect garbage, and at an exit Node waits for that
 * thread, for ever (https://github.com/nodejs/node/issues/54918). Nothing more is given to it, and while this thread does little, both come to the end of what
 * they have; what has worked for a while has more to compile.
 */
export function endProcess(code: number): void {
  stopCompiling()
  const enough = process.uptime() < 1 ? 20 : 200
  setTimeout(() => process.exit(code), Math.max(20, enough - (performance.now() - stoppedAt!)))
}
