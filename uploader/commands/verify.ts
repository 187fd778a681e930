import { Failure } from '../../shared/failure.ts'
import { isDamage } from '../../shared/restore/damage.ts'
import { exit } from '../exit.ts'
import { counted, formatBytes, formatSeconds } from '../output/format.ts'
import { verifySnapshot } from '../restore/verify.ts'
import { rememberKitProof } from '../state/kit-proof.ts'
import { connect, readingOf, trustOf } from './connect.ts'
import { identityOption, verb } from './help.ts'
import { readIdentity } from './input.ts'
import { append } from './options.ts'
import { locate } from './snapshots.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
  identity?: string
  trust?: string[]
}

export function define(work: Work) {
  return verb('verify', {
    summary:
      'Reads a whole snapshot and proves signature, hashes and extents; with an identity it also opens everything. The result goes to the catalogue.',
    examples: ['failsafe verify shop', 'failsafe verify 01JD….01JE… --identity /media/stick/recovery-kit.txt'],
    codes: [exit.refused],
  })
    .argument('<snapshot|source>', 'a snapshot, or a source for its newest one')
    .addOption(identityOption('recovery kit or identity file of age, to open everything'))
    .option('--trust <fingerprint>', 'believe an agent key that no kit has certified', append)
    .action((name: string, options: Options) => work.run(options, job => run(name, options, job)))
}

async function run(name: string, options: Options, { terminal, reporter, say }: Job) {
  const started = performance.now()
  const { config, agent, network, receiver } = await connect(options, terminal)
  const identity = await readIdentity(options.identity, terminal)
  const { concurrency } = config.upload
  const {
    source,
    sourceName,
    snapshot: { snapshot },
  } = await locate(receiver, name)
  const level = identity ? 'opened' : 'stored'
  const record = (outcome: 'passed' | 'failed', detail?: string) =>
    receiver.recordProof(snapshot, {
      method: 'verify',
      level,
      outcome,
      ...(detail ? { detail: detail.slice(0, 2000) } : {}),
    })
  say(`Verifying snapshot ${snapshot} of ${sourceName}`)
  try {
    const result = await verifySnapshot({
      receiver,
      source,
      snapshot,
      identities: identity?.identities,
      trust: await trustOf(identity, agent, options.trust),
      concurrency,
      reporter,
      reading: readingOf(terminal, network, concurrency),
      platform: terminal.platform,
    })
    await record('passed')
    if (identity) await rememberKitProof(config.state.dir, agent, snapshot, terminal.now())
    const seconds = (performance.now() - started) / 1000
    const opened = identity ? `, and ${counted(result.artefacts, 'artefact')} opened` : ''
    reporter.summary({
      json: { source: sourceName, snapshot, ...result, outcome: 'passed', seconds },
      lines: [
        `Snapshot ${snapshot} is whole: ${counted(result.packs, 'pack')}, ${formatBytes(result.bytes)}${opened}. ${formatSeconds(seconds)}`,
      ],
    })
    return exit.done
  } catch (error) {
    if (isDamage(error)) await recordFailure(record, error)
    throw error
  }
}

/** The damage is the news; that it could not be recorded is told beside it. */
async function recordFailure(
  record: (outcome: 'failed', detail: string) => Promise<void>,
  damage: Failure,
): Promise<void> {
  try {
    await record('failed', damage.line)
  } catch (cause) {
    throw new Failure(damage.code, damage.message, {
      why: damage.why,
      fix: `${damage.fix}. (The receiver could not be told: ${cause instanceof Failure ? cause.line : String(cause)})`,
      cause,
    })
  }
}
