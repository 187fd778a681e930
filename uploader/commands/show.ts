import type { Identity } from '../../shared/restore/identity.ts'
import { exit } from '../exit.ts'
import { counted, formatBytes, formatTable, printable } from '../output/format.ts'
import { artefactsOf } from '../restore/artefacts.ts'
import { fetchChain, type Link } from '../restore/chain.ts'
import { connect, readingOf, trustOf } from './connect.ts'
import { identityOption, verb } from './help.ts'
import { readIdentity } from './input.ts'
import { describe } from './list.ts'
import { append, snapshotId } from './options.ts'
import { locate } from './snapshots.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
  identity?: string
  trust?: string[]
}

export function define(work: Work) {
  return verb('show', {
    summary:
      'Shows what one snapshot holds: units, packs, the chain it needs and its proof; with an identity also its artefacts.',
    examples: [
      'failsafe show 01JD….01JE…',
      'failsafe show 01JD….01JE… --identity /media/stick/recovery-kit.txt --json',
    ],
    codes: [exit.refused],
  })
    .argument('<snapshot>', 'its id, as failsafe list prints it', snapshotId)
    .addOption(identityOption('recovery kit or identity file of age, to list the artefacts'))
    .option('--trust <fingerprint>', 'believe an agent key that no kit has certified', append)
    .action((snapshot: string, options: Options) => work.run(options, job => run(snapshot, options, job)))
}

async function run(id: string, options: Options, { terminal, reporter }: Job) {
  const { agent, network, receiver } = await connect(options, terminal)
  const identity = await readIdentity(options.identity, terminal)
  const { source, sourceName, snapshot } = await locate(receiver, id)
  const proof = { trust: await trustOf(identity, agent, options.trust), identities: identity?.identities, opens: id }
  const chain = await fetchChain(receiver, { source, snapshot: id }, proof, readingOf(terminal, network, 1))
  const link = chain.links.find(({ manifest }) => manifest.snapshot === id)!
  const { manifest, units } = link
  const artefacts = identity && (await listed(link, identity, terminal.platform))
  const links = chain.links.map(({ manifest: { snapshot, kind } }) => ({ snapshot, kind }))
  reporter.summary({
    json: {
      ...describe(sourceName, snapshot),
      engine: manifest.engine,
      engineVersion: manifest.engineVersion,
      uploader: manifest.uploader,
      startedAt: manifest.startedAt,
      recipients: manifest.recipients,
      packs: manifest.packs,
      units,
      chain: links,
      ...(artefacts ? { artefacts } : {}),
    },
    lines: [
      ...formatTable([
        ['snapshot', id],
        ['source', `${sourceName} (${manifest.engine} ${printable(manifest.engineVersion)})`],
        ['kind', manifest.kind],
        ['received', `${snapshot.receivedAt}, locked until ${snapshot.lockedUntil}`],
        ['made by', `${manifest.agent}, uploader ${printable(manifest.uploader)}`],
        ['artefacts', `${manifest.totals.artefacts}, ${formatBytes(manifest.totals.sourceBytes)} of content`],
        ['stored', `${formatBytes(manifest.totals.sealedBytes)} in ${counted(manifest.packs.length, 'pack')}`],
        ['sealed to', manifest.recipients.join(', ')],
        ['proof', proofLine(snapshot)],
      ]),
      '',
      'Units:',
      ...formatTable(
        units.map(({ unit, kind, covers, to }) => ['', printable(unit), kind, covers.to, `${to.stream} ${to.at}`]),
      ),
      ...units.flatMap(({ unit, info }) =>
        info?.selection === undefined ? [] : [`  of ${printable(unit)} only ${printable(info.selection)}`],
      ),
      '',
      'To restore it these are applied in turn:',
      ...formatTable(links.map(link => ['', link.snapshot, link.kind])),
      ...(artefacts
        ? [
            '',
            'Artefacts:',
            ...formatTable(artefacts.map(({ name, role, size }) => ['', formatBytes(size), role, printable(name)])),
          ]
        : []),
    ],
  })
  return exit.done
}

function proofLine({
  proof,
  bad,
}: {
  proof: { level: string; outcome: string; recordedAt: string } | null
  bad?: boolean | undefined
}) {
  if (bad) return 'BROKEN: restores go round it'
  return proof ? `${proof.level}: ${proof.outcome} at ${proof.recordedAt}` : 'none yet; make one with: failsafe verify'
}

async function listed(link: Link, { identities }: Identity, platform: NodeJS.Platform) {
  const artefacts = await artefactsOf([link], identities, platform)
  return artefacts.map(({ line: { name, role, unit, size, sealedSize, sha256, extents } }) => ({
    name,
    role,
    unit,
    size,
    sealedSize,
    sha256,
    extents,
  }))
}
