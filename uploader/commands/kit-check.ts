import { exit } from '../exit.ts'
import { counted, formatTable } from '../output/format.ts'
import { fetchChain } from '../restore/chain.ts'
import { contents } from '../restore/contents.ts'
import { rememberKitProof } from '../state/kit-proof.ts'
import { connect, readingOf, trustOf } from './connect.ts'
import { identityOption, verb } from './help.ts'
import { requireIdentity } from './input.ts'
import type { KitOptions } from './kit-show.ts'
import { append } from './options.ts'
import { newestOf } from './snapshots.ts'
import type { Job, Work } from './work.ts'

interface Options extends KitOptions {
  trust?: string[]
}

export function define(work: Work) {
  return verb('kit check', {
    summary: 'Proves that a recovery kit opens the newest snapshot of every source of this host, or of one.',
    examples: ['failsafe kit check --identity /media/stick/recovery-kit.txt'],
    codes: [exit.refused],
  })
    .name('check')
    .argument('[source]', 'only this one')
    .addOption(identityOption('the recovery kit, or an identity file of age'))
    .option('--trust <fingerprint>', 'believe an agent key that no kit has certified', append)
    .action((source: string | undefined, options: Options) => work.run(options, job => run(source, options, job)))
}

async function run(name: string | undefined, options: Options, { terminal, reporter }: Job) {
  const identity = await requireIdentity(options.identity, terminal)
  const { agent, config, network, receiver } = await connect(options, terminal)
  const trust = await trustOf(identity, agent, options.trust)
  const { identities } = identity
  const names = name === undefined ? (await receiver.sources()).sources.map(source => source.name) : [name]
  const checked: { source: string; snapshot: string; artefacts: number }[] = []
  for (const each of names) {
    const {
      source,
      sourceName,
      snapshot: { snapshot },
    } = await newestOf(receiver, each)
    const proof = { trust, identities, opens: snapshot }
    const chain = await fetchChain(receiver, { source, snapshot }, proof, readingOf(terminal, network, 1))
    const { reader, manifest } = chain.links.find(link => link.manifest.snapshot === snapshot)!
    const { length } = await contents.index(reader, manifest, identities)
    await receiver.recordProof(snapshot, { method: 'verify', level: 'kit', outcome: 'passed' })
    await rememberKitProof(config.state.dir, agent, snapshot, terminal.now())
    checked.push({ source: sourceName, snapshot, artefacts: length })
  }
  reporter.summary({
    json: { checked },
    lines:
      checked.length === 0
        ? ['There is nothing to open yet. Make a backup first.']
        : [
            'This kit opens:',
            ...formatTable(checked.map(row => ['', row.source, row.snapshot, counted(row.artefacts, 'artefact')])),
          ],
  })
  return exit.done
}
