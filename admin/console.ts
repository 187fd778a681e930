import type { Command } from 'commander'
import { ConsoleResponse } from '../shared/api/console.ts'
import { type Common, duration, perform, verb } from './verb.ts'

export function consoleVerb(): Command {
  return verb(
    'console',
    "Prints a link to the provider's page: is everybody safe?",
    'failsafe-admin console --expires 8h',
  )
    .option('--expires <time>', 'how long it is good for, 12h at most', duration, 3600)
    .action(({ expires, ...options }: Common & { expires: number }) =>
      perform(options, async receiver => {
        const request = { expiresSeconds: expires }
        const made = await receiver.call('POST', '/v1/admin/consoles', ConsoleResponse, request)
        process.stderr.write(
          `Good until ${made.expiresAt}. Whoever has it sees every customer and can make links and enrol tokens in your name.\n`,
        )
        return { json: made, lines: [made.url] }
      }),
    )
}
