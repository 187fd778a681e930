import { Command } from 'commander'
import { define as certify } from './kit-certify.ts'
import { define as check } from './kit-check.ts'
import { define as show } from './kit-show.ts'
import type { Work } from './work.ts'

export function define(work: Work): Command {
  const kit = new Command('failsafe kit')
    .description('Looks at, proves or uses the recovery kit.')
    .helpOption('-h, --help', 'this help')
  for (const sub of [show(work), check(work), certify(work)]) kit.addCommand(sub)
  return kit
}
