import { appendFile } from 'node:fs/promises'
import { InvalidArgumentError } from 'commander'
import { Failure } from '../../shared/failure.ts'
import { exit } from '../exit.ts'
import { certifiedLine } from '../restore/certified.ts'
import { parseIdentity, readIdentityFile } from '../restore/identity.ts'
import { verb } from './help.ts'
import { type KitOptions, requireKit } from './kit-show.ts'
import type { Job, Work } from './work.ts'

export function define(work: Work) {
  return verb('kit certify', {
    summary:
      'Writes into a recovery kit that an agent key is yours, so that restores with this kit believe its snapshots. Compare the fingerprint with the one that enrol printed on that server first.',
    examples: ['failsafe kit certify w5N…fingerprint…Q4 --identity /media/stick/recovery-kit.txt'],
    codes: [],
  })
    .name('certify')
    .argument('<fingerprint>', 'of the agent key', fingerprint)
    .requiredOption('--identity <file>', 'the recovery kit, which is added to')
    .action((agent: string, options: Required<Pick<KitOptions, 'identity'>> & KitOptions) =>
      work.run(options, job => run(agent, options.identity, job)),
    )
}

async function run(agent: string, path: string, { terminal, reporter }: Job) {
  const text = await readIdentityFile(path)
  const { certified } = requireKit(await parseIdentity(text))
  const added = !certified.includes(agent)
  // A kit that a person typed in again may end without a line end, right behind its secret key.
  if (added) await appendTo(path, `${text.endsWith('\n') ? '' : '\n'}${certifiedLine(agent, terminal.now())}`)
  reporter.summary({
    json: { fingerprint: agent, kit: path, added },
    lines: [
      added ? `${path} now vouches for the agent ${agent}.` : `${path} vouched for the agent ${agent} already.`,
      ...(added ? ['Do the same with every other copy of the kit.'] : []),
    ],
  })
  return exit.done
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
