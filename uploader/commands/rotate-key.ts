import { fingerprintOf } from '../../shared/jws.ts'
import type { Kit } from '../../shared/kit.ts'
import { parseIdentity } from '../../shared/restore/identity.ts'
import { exit } from '../exit.ts'
import { readIdentityFile } from '../restore/identity.ts'
import { holdingState } from '../state/hold.ts'
import { rotate } from '../state/rotate.ts'
import { keeperOf } from '../state/store.ts'
import { connect } from './connect.ts'
import { verb } from './help.ts'
import { requireKit } from './kit-show.ts'
import { requireOwnKit } from './own-kit.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
  recoveryKit?: string
}

export function define(work: Work) {
  return verb('rotate-key', {
    summary:
      'Gives this host a new key, signed by the one it has; the receiver refuses the old one from then on. Restores believe the new key because the old one vouches for it.',
    examples: ['failsafe rotate-key', 'failsafe rotate-key --recovery-kit /media/stick/recovery-kit.txt'],
    codes: [exit.refused, exit.held],
  })
    .option('--recovery-kit <file>', 'certify the new key with the recovery kit too')
    .action((options: Options) => work.run(options, job => run(options, job)))
}

async function run({ recoveryKit, ...options }: Options, { terminal, reporter }: Job) {
  const { config, agent, keys } = await connect(options, terminal)
  const kit = recoveryKit === undefined ? undefined : await kitAt(recoveryKit)
  if (kit) await requireOwnKit(kit, agent)
  const directory = config.state.dir
  const changed = await holdingState(directory, terminal.signal, () =>
    rotate(keeperOf(directory), keys, { customerKey: kit?.customerKey, now: terminal.now() }),
  )
  const [before, fingerprint] = [await fingerprintOf(agent.key), await fingerprintOf(changed.key)]
  reporter.summary({
    json: { agent: changed.agent, before, fingerprint, certified: kit !== undefined },
    lines: [
      `${changed.name} signs with a new key of fingerprint ${fingerprint}.`,
      kit
        ? 'The recovery kit has certified it.'
        : `The key before it, ${before}, vouches for it: what trusted that one trusts this one.`,
    ],
  })
  return exit.done
}

async function kitAt(path: string): Promise<Kit> {
  return requireKit(await parseIdentity(await readIdentityFile(path))).kit
}
