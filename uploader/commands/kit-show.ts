import { Failure } from '../../shared/failure.ts'
import { fingerprintOf } from '../../shared/jws.ts'
import type { Identity } from '../../shared/restore/identity.ts'
import { exit } from '../exit.ts'
import { formatTable } from '../output/format.ts'
import { identityOption, verb } from './help.ts'
import { requireIdentity } from './input.ts'
import type { Job, Work } from './work.ts'

export interface KitOptions {
  config?: string
  json?: boolean
  identity?: string
}

export function define(work: Work) {
  return verb('kit show', {
    summary: 'Shows the public side of a recovery kit, never its secrets.',
    examples: ['failsafe kit show --identity /media/stick/recovery-kit.txt'],
    codes: [],
  })
    .name('show')
    .addOption(identityOption('the recovery kit'))
    .action((options: KitOptions) => work.run(options, job => run(options, job)))
}

async function run(options: KitOptions, { terminal, reporter }: Job) {
  const { kit, certified } = requireKit(await requireIdentity(options.identity, terminal))
  const { created, receiver, recipient } = kit
  const fingerprint = await fingerprintOf(kit.customerKey)
  reporter.summary({
    json: { created, receiver, recipient, customerFingerprint: fingerprint, certified },
    lines: formatTable([
      ['made', created],
      ['receiver', receiver],
      ['recipient', recipient],
      ['customer key', `fingerprint ${fingerprint}`],
      ...certified.map(agent => ['certified agent', agent]),
    ]),
  })
  return exit.done
}

/** @throws Failure `kit-invalid` for a plain identity file, which has no customer key */
export function requireKit(identity: Identity) {
  if (identity.kit) return { ...identity, kit: identity.kit }
  throw new Failure('kit-invalid', 'This is an identity file of age and not a recovery kit', {
    why: 'it has no customer key',
    fix: 'Give the recovery kit with --identity',
  })
}
