#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'
import { dispatch } from './commands/dispatch.ts'
import { endProcess } from './end-process.ts'
import { useFewArenas } from './few-arenas.ts'

const args = process.argv.slice(2)
// What moves data works for hours; everything else is to answer at once.
if (['backup', 'run', 'restore', 'verify'].includes(args[0] ?? '')) useFewArenas(args)

// A backup runs for hours beside a database that wants the memory: the collector shall come early rather than let the heap grow.
setFlagsFromString('--optimize-for-size')

// A token, link or identity may stand on the command line: take it out of the process list before anything else.
process.title = /^[a-z]{1,10}$/.test(args[0] ?? '') ? `failsafe ${args[0]}` : 'failsafe'

const interrupt = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    if (interrupt.signal.aborted) process.exit(130)
    interrupt.abort()
  })

const { stdin, stdout, stderr, env, platform } = process

// A reader that has seen enough (`failsafe list | head`) is no error, but neither does it make a backup done: the verb goes on to its end.
let unwritten: Error | undefined
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') unwritten = error
})
// The terminal is gone: nobody is left to tell, and what the verb holds must still be released.
stderr.on('error', () => {})

dispatch(args, { stdin, stdout, stderr, env, platform, signal: interrupt.signal, now: () => new Date() })
  .catch((error: unknown) => {
    stderr.write(`Error: Something unexpected went wrong: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  })
  .then(async code => {
    await new Promise(resolve => stdout.write('', resolve))
    // An error of the last write is told a moment after its callback.
    await new Promise(setImmediate)
    if (unwritten) stderr.write(`Error: The output cannot be written: ${unwritten.message}\n`)
    stderr.write('', () => endProcess(unwritten && (code === 0 || code === 3) ? 1 : code))
  })
