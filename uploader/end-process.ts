import { setFlagsFromString } from 'node:v8'

/** Those of V8's compilers that work in a thread of their own. */
const compilers = ['maglev', 'turbofan']

/**
 * Ends this process, a moment later: V8 may be compiling in a thread of its own that waits for this one to collect garbage, and at an exit Node waits for that
 * thread, for ever (https://github.com/nodejs/node/issues/54918). Nothing more is given to it, and while this thread does nothing, both come to the end of what
 * they have; what has worked for a while has more to compile.
 */
export function endProcess(code: number): void {
  for (const compiler of compilers) setFlagsFromString(`--no-${compiler}`)
  const milliseconds = process.uptime() < 1 ? 20 : 200
  setTimeout(() => process.exit(code), milliseconds)
}
