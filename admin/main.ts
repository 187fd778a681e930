#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { Failure } from '../shared/failure.ts'
import { agent } from './agent.ts'
import { audit } from './audit.ts'
import { catalogue } from './catalogue.ts'
import { consoleVerb } from './console.ts'
import { enrolToken } from './enrol-token.ts'
import { expect } from './expect.ts'
import { link } from './link.ts'
import { links } from './links.ts'
import { notices } from './notices.ts'
import { quota } from './quota.ts'
import { retention } from './retention.ts'
import { sources } from './sources.ts'
import { tenant } from './tenant.ts'
import { usage } from './usage.ts'
import { tell } from './verb.ts'
import { webhook } from './webhook.ts'

// A passcode may stand on the command line.
const args = process.argv.slice(2)
process.title = 'failsafe-admin'

const program = new Command('failsafe-admin')
  .description('The provider: looks after the tenants, tokens, links and sources of one receiver.')
  .helpOption('-h, --help', 'this help')
for (const command of [
  agent(),
  tenant(),
  enrolToken(),
  link(),
  consoleVerb(),
  links(),
  sources(),
  usage(),
  quota(),
  expect(),
  notices(),
  webhook(),
  retention(),
  audit(),
  catalogue(),
])
  program.addCommand(command)
quieten(program)

program.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
  if (!(error instanceof CommanderError)) return tell(error, args.includes('--json'))
  if (error.exitCode === 0) return
  process.exitCode = 2
  if (error.code === 'commander.help') return
  const fix = 'See: failsafe-admin --help'
  tell(new Failure('usage', error.message.replace(/^error: /, ''), { fix }), args.includes('--json'))
})

function quieten(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} })
  for (const sub of command.commands) quieten(sub)
}
