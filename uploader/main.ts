#!/usr/bin/env node
import { dispatch } from './commands/dispatch.ts'

// A token, link or identity may stand on the command line: take it out of the process list before anything else.
const args = process.argv.slice(2)
process.title = /^[a-z]{1,10}$/.test(args[0] ?? '') ? `failsafe ${args[0]}` : 'failsafe'

const interrupt = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    if (interrupt.signal.aborted) process.exit(130)
    interrupt.abort()
  })

// A reader that has seen enough (`failsafe list | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

const { stdin, stdout, stderr, env, platform } = process
dispatch(args, { stdin, stdout, stderr, env, platform, signal: interrupt.signal, now: () => new Date() })
  .catch((error: unknown) => {
    stderr.write(`Error: Something unexpected went wrong: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  })
  .then(code => stdout.write('', () => stderr.write('', () => process.exit(code))))
