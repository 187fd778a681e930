import type { TimelineSnapshot } from '../../shared/api/restore.ts'
import { exit } from '../exit.ts'
import { formatBytes, formatTable } from '../output/format.ts'
import { connect, findSource } from './connect.ts'
import { verb } from './help.ts'
import { wholeNumber } from './options.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
  limit: number
}

export function define(work: Work) {
  return verb('list', {
    summary: 'Lists the snapshots of this host, newest first.',
    examples: ['failsafe list', 'failsafe list shop --limit 5 --json'],
    codes: [exit.refused],
  })
    .argument('[source]', 'only this one')
    .option('--limit <n>', 'at most so many of each source', wholeNumber(1, 100), 50)
    .action((source: string | undefined, options: Options) => work.run(options, job => run(source, options, job)))
}

async function run(name: string | undefined, options: Options, { terminal, reporter, say }: Job) {
  const { receiver } = await connect(options, terminal)
  const sources = name === undefined ? (await receiver.sources()).sources : [await findSource(receiver, name)]
  const snapshots: ReturnType<typeof describe>[] = []
  for (const source of sources) {
    const timeline = await receiver.timeline(source.source, { limit: options.limit })
    snapshots.push(...timeline.snapshots.map(snapshot => describe(source.name, snapshot)))
    if (timeline.next !== null) say(`${source.name} has more than the ${options.limit} newest that are listed`)
  }
  snapshots.sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1))
  reporter.summary({
    json: { snapshots },
    lines:
      snapshots.length === 0
        ? ['No snapshots yet. Make one with: failsafe backup <source>']
        : formatTable([
            ['received', 'source', 'kind', 'size', 'proof', 'snapshot'],
            ...snapshots.map(row => [
              row.receivedAt.slice(0, 19).replace('T', ' '),
              row.source,
              row.kind,
              formatBytes(row.bytes.sealed),
              row.bad ? 'BROKEN' : row.proof?.outcome === 'passed' ? row.proof.level : '-',
              row.snapshot,
            ]),
          ]),
  })
  return exit.done
}

export function describe(source: string, snapshot: TimelineSnapshot) {
  const { receivedAt, lockedUntil, kind, lane, agent, artefacts, proof, warnings, bad = false } = snapshot
  return {
    snapshot: snapshot.snapshot,
    source,
    kind,
    lane,
    agent,
    receivedAt,
    lockedUntil,
    artefacts,
    bytes: { source: snapshot.sourceBytes, sealed: snapshot.sealedBytes },
    proof,
    bad,
    warnings,
  }
}
