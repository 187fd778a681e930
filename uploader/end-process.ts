/**
 * Ends this process, a moment later: V8 may be compiling in a thread of its own that waits for this one to collect garbage, and at an exit Node waits for that
 * thread, for ever (https://github.com/nodejs/node/issues/54918). While this thread does nothing, both come to their end; what has worked for a while has more to compile.
 */
export function endProcess(code: number): void {
  const milliseconds = process.uptime() < 1 ? 20 : 200
  setTimeout(() => process.exit(code), milliseconds)
}
