import { randomInt } from 'node:crypto'
import { exit } from '../exit.ts'
import { connect, findSource } from './connect.ts'
import { verb } from './help.ts'
import { duration, snapshotId, wholeNumber } from './options.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
  expires: number
  uses?: number
  passcode?: string | true
  snapshot?: string
}

const day = 86_400

export function define(work: Work) {
  return verb('link', {
    summary: 'Prints a web address with which whoever holds it, and the recovery kit, can restore a source.',
    examples: ['failsafe link shop --expires 2h --uses 1', 'failsafe link shop --passcode'],
    codes: [exit.refused],
  })
    .argument('<source>', 'its name')
    .option('--expires <time>', 'how long it is good for, 24h at most', duration(60, day, 'from 1m to 24h'), day)
    .option('--uses <n>', 'how many restores it allows', wholeNumber(1, 1000), 5)
    .option('--passcode [code]', 'ask for a passcode too; one is made up when none is given')
    .option('--snapshot <id>', 'allow this snapshot only', snapshotId)
    .action((source: string, options: Options) => work.run(options, job => run(source, options, job)))
}

async function run(name: string, options: Options, { terminal, reporter, say }: Job) {
  const { expires, uses, snapshot } = options
  const { receiver } = await connect(options, terminal)
  const { source, name: sourceName } = await findSource(receiver, name)
  const passcode = options.passcode === true ? newPasscode() : options.passcode
  const link = await receiver.link({
    source,
    expiresSeconds: expires,
    ...(uses === undefined ? {} : { uses }),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(passcode === undefined ? {} : { passcode }),
  })
  say(
    `Whoever has this link can fetch the backups of ${sourceName} until ${link.expiresAt}; to open them takes the recovery kit.`,
  )
  if (passcode !== undefined) say(`Passcode, to be sent by another way: ${passcode}`)
  reporter.summary({
    json: { source: sourceName, url: link.url, expiresAt: link.expiresAt, uses, passcode: passcode ?? null },
    lines: [link.url],
  })
  return exit.done
}

function newPasscode(): string {
  return String(randomInt(100_000_000)).padStart(8, '0')
}
