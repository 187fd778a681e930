import { appendFile } from 'node:fs/promises'
import { InvalidArgumentError } from 'commander'
import { Failure } from '../../shared/failure.ts'
import { fingerprintOf } from '../../shared/jws.ts'
import type { Kit } from '../../shared/kit.ts'
import { certifiedLine } from '../../shared/restore/certified.ts'
import { parseIdentity } from '../../shared/restore/identity.ts'
import { exit } from '../exit.ts'
import { readIdentityFile } from '../restore/identity.ts'
import { certifyOwn } from '../state/certify-own.ts'
import { holdingState } from '../state/hold.ts'
import { keeperOf } from '../state/store.ts'
import { connect } from './connect.ts'
import { verb } from './help.ts'
import { type KitOptions, requireKit } from './kit-show.ts'
import { requireOwnKit } from './own-kit.ts'
import type { Terminal } from './terminal.ts'
import type { Job, Work } from './work.ts'

interface Options extends KitOptions {
  identity: string
  own?: boolean
}

export function define(work: Work) {
  return verb('kit certify', {
    summary:
      'Writes into a recovery kit that an agent key is yours, so that restores with this kit believe its snapshots. Compare the fingerprint with the one that enrol printed on that server first. With --own on the server itself the receiver keeps the certificate too, so that every copy of the kit will do.',
    examples: [
      'failsafe kit certify w5N…fingerprint…Q4 --identity /media/stick/recovery-kit.txt',
      'failsafe kit certify --own --identity /media/stick/recovery-kit.txt',
    ],
    codes: [exit.refused],
  })
    .name('certify')
    .argument('[fingerprint]', 'of the agent key', fingerprint)
    .option('--own', "this host's own key; the receiver is told too")
    .requiredOption('--identity <file>', 'the recovery kit, which is added to')
    .action((agent: string | undefined, options: Options) => work.run(options, job => run(agent, options, job)))
}

async function run(named: string | undefined, options: Options, { terminal, reporter }: Job) {
  if ((named === undefined) === (options.own === undefined))
    throw new Failure('usage', 'Give either a fingerprint or --own', { fix: 'See: failsafe kit certify --help' })
  const path = options.identity
  const text = await readIdentityFile(path)
  const { certified, kit } = requireKit(await parseIdentity(text))
  const agent = named ?? (await deliver(kit, options, terminal))
  const added = !certified.includes(agent)
  // A kit that a person typed in again may end without a line end, right behind its secret key.
  if (added) await appendTo(path, `${text.endsWith('\n') ? '' : '\n'}${certifiedLine(agent, terminal.now())}`)
  const delivered = named === undefined
  reporter.summary({
    json: { fingerprint: agent, kit: path, added, delivered },
    lines: [
      added ? `${path} now vouches for the agent ${agent}.` : `${path} vouched for the agent ${agent} already.`,
      ...(delivered ? ['The receiver keeps the certificate: snapshots from now on carry it.'] : []),
      ...(added && !delivered ? ['Do the same with every other copy of the kit.'] : []),
    ],
  })
  return exit.done
}

/** Certifies this host's own key at the receiver. @returns its fingerprint */
async function deliver(kit: Kit, options: Options, terminal: Terminal): Promise<string> {
  const { config, agent, keys } = await connect(options, terminal)
  await requireOwnKit(kit, agent)
  const directory = config.state.dir
  const { customerKey } = kit
  const { key } = await holdingState(directory, terminal.signal, () =>
    certifyOwn(keeperOf(directory), keys, { customerKey, now: terminal.now() }),
  )
  return fingerprintOf(key)
}

async function appendTo(path: string, line: string): Promise<void> {
  try {
    await appendFile(path, line, { flush: true })
  } catch (cause) {
    throw new Failure('kit-unwritable', `The recovery kit ${path} cannot be written`, {
      why: (cause as NodeJS.ErrnoException).code,
      fix: 'Make it writable, or use --trust with each restore instead',
      cause,
    })
  }
}

function fingerprint(text: string): string {
  if (/^[A-Za-z0-9_-]{43}$/.test(text)) return text
  throw new InvalidArgumentError('A fingerprint has 43 letters, digits, - and _.')
}
