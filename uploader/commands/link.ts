import { randomInt } from 'node:crypto'
import { Failure } from '../../shared/failure.ts'
import { AddressRange, Passcode } from '../../shared/link.ts'
import { exit } from '../exit.ts'
import { connect, findSource } from './connect.ts'
import { verb } from './help.ts'
import { append, checked, duration, instant, snapshotId, wholeNumber } from './options.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
  expires: number
  uses?: number
  passcode?: string | true
  snapshot?: string[]
  unit?: string[]
  since?: string
  until?: string
  fromAddress?: string[]
  revoke?: string
}

const day = 86_400
const address = checked(AddressRange, 'Give an address such as 192.0.2.7, or a block such as 192.0.2.0/24.')
const passcode = checked(Passcode, 'Give 4 to 100 letters, digits and signs of ASCII, with no space at either end.')

export function define(work: Work) {
  return verb('link', {
    summary: 'Prints a web address with which whoever holds it, and the recovery kit, can restore a source.',
    examples: [
      'failsafe link shop --expires 2h --uses 1',
      'failsafe link shop --passcode --from-address 192.0.2.0/24',
      'failsafe link --revoke x7Jb_9kQ2aZc',
    ],
    codes: [exit.refused],
  })
    .argument('[source]', 'its name')
    .option('--expires <time>', 'how long it is good for, 24h at most', duration(60, day, 'from 1m to 24h'), day)
    .option('--uses <n>', 'how many restores it allows', wholeNumber(1, 1000), 5)
    .option('--passcode [code]', 'ask for a passcode too; one is made up when none is given', passcode)
    .option('--snapshot <id>', 'allow this snapshot only (several times: these)', (id, before?: string[]) =>
      append(snapshotId(id), before),
    )
    .option('--unit <name>', 'allow this database (unit) only (several times: these)', append)
    .option('--since <time>', 'allow no moment before this', instant)
    .option('--until <time>', 'allow no moment after this', instant)
    .option(
      '--from-address <address>',
      'allow it from this address or block only (several times: these)',
      (text, before?: string[]) => append(address(text), before),
    )
    .option('--revoke <name>', 'end a link that this host made, instead of making one')
    .action((source: string | undefined, options: Options) => work.run(options, job => run(source, options, job)))
}

async function run(name: string | undefined, options: Options, job: Job) {
  if (options.revoke !== undefined) return revoke(options.revoke, options, job)
  if (name === undefined) throw new Failure('usage', 'A source is missing', { fix: 'See: failsafe link --help' })
  const { terminal, reporter, say } = job
  const { expires, uses, snapshot, unit, since, until, fromAddress } = options
  const { receiver } = await connect(options, terminal)
  const { source, name: sourceName } = await findSource(receiver, name)
  const passcode = options.passcode === true ? newPasscode() : options.passcode
  const link = await receiver.link({
    source,
    expiresSeconds: expires,
    ...(uses === undefined ? {} : { uses }),
    ...(passcode === undefined ? {} : { passcode }),
    ...(snapshot === undefined ? {} : { snapshots: snapshot }),
    ...(unit === undefined ? {} : { units: unit }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(fromAddress === undefined ? {} : { addresses: fromAddress }),
  })
  say(
    `Whoever has this link can fetch the backups of ${sourceName} until ${link.expiresAt}; to open them takes the recovery kit.`,
  )
  say(`It ends before that with: failsafe link --revoke ${link.name}`)
  if (passcode !== undefined) say(`Passcode, to be sent by another way: ${passcode}`)
  const { url, expiresAt } = link
  reporter.summary({
    json: { source: sourceName, name: link.name, url, expiresAt, uses, passcode: passcode ?? null },
    lines: [url],
  })
  return exit.done
}

async function revoke(name: string, options: Options, { terminal, reporter }: Job) {
  const { receiver } = await connect(options, terminal)
  const ended = await receiver.revokeLink(name)
  reporter.summary({ json: ended, lines: [`Link ${ended.name} ended at ${ended.revokedAt}.`] })
  return exit.done
}

function newPasscode(): string {
  return String(randomInt(100_000_000)).padStart(8, '0')
}
