import { Failure } from '../../shared/failure.ts'
import type { Identity } from '../../shared/restore/identity.ts'
import { loadConfig } from '../config/load.ts'
import { engineFor } from '../engines/registry.ts'
import { exit } from '../exit.ts'
import { type Network, type NetworkSettings, openNetwork } from '../network/network.ts'
import { formatBytes, formatSeconds, formatTable } from '../output/format.ts'
import { byLink } from '../receiver/authorisation.ts'
import { HttpRestoreReceiver } from '../receiver/http.ts'
import { parseLink } from '../receiver/link-address.ts'
import type { RestoreReceiver } from '../receiver/receiver.ts'
import type { Wanted } from '../restore/chain.ts'
import { runRestore } from '../restore/run.ts'
import type { AgentState } from '../state/agent.ts'
import { findAgent } from '../state/store.ts'
import { calls, connect, findSource, patience, readingOf, trustOf } from './connect.ts'
import { identityOption, verb } from './help.ts'
import { readAddress, requireIdentity } from './input.ts'
import { append, instant, snapshotId } from './options.ts'
import type { Terminal } from './terminal.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
  to: string
  at?: string
  snapshot?: string
  before?: string
  unit?: string[]
  identity?: string
  trust?: string[]
  only?: string
  apply?: boolean
  target?: string
  passcode?: string
}

export function define(work: Work) {
  return verb('restore', {
    summary:
      'Fetches, opens and checks a backup, lays its files out in a new directory, and loads them into a server where asked. Nothing is ever written over.',
    examples: [
      'failsafe restore shop --to /srv/restored --identity /media/stick/recovery-kit.txt',
      "failsafe restore 'https://receiver.example.net/r#…' --to out --identity kit.txt --at 2026-11-05T14:10:00+01:00",
      'failsafe restore shop --to out --identity kit.txt --apply --target mysql://root@127.0.0.1:3307',
      'failsafe restore shop --to out --identity kit.txt --before binlog.000007:4711',
      "failsafe restore shop --to out --identity kit.txt --only '{shop-schema-create.sql,shop.orders{-schema,.}*}' --apply --target mysql://root@127.0.0.1:3307",
    ],
    codes: [exit.warnings, exit.refused],
  })
    .argument('[source|link]', 'a source of this host, a restore link, - or a file with a link (or FAILSAFE_LINK)')
    .requiredOption('--to <dir>', 'directory that the files are laid out in')
    .option('--at <time>', 'the state of this moment, with its offset; the latest if left out', instant)
    .option('--snapshot <id>', 'the state that this snapshot holds', snapshotId)
    .option('--before <place>', 'the state just before this place: binlog.000007:4711, a GTID, or an SCN of Oracle')
    .option('--unit <name>', 'only this database of a SQL Server; may be given several times', append)
    .addOption(identityOption('recovery kit or identity file of age'))
    .option('--trust <fingerprint>', 'believe an agent key that no kit has certified', append)
    .option(
      '--only <glob>',
      'only artefacts with such names, and with --apply the logs, as far as they belong to these',
    )
    .option('--apply', 'load the files into the server, or the directory, of --target')
    .option(
      '--target <url>',
      'for instance mysql://user:password@host:3306, sqlserver://user:password@host:1433, domino:///local/notesdata/notes.ini, or file:///var/lib/mysql.restored for copies of data files (or FAILSAFE_TARGET)',
    )
    .option('--passcode <code>', 'of the link (or FAILSAFE_PASSCODE)')
    .action((from: string | undefined, options: Options) => work.run(options, job => run(from, options, job)))
}

async function run(from: string | undefined, options: Options, { terminal, reporter, say }: Job) {
  const started = performance.now()
  const apply = requireConsistent(options, terminal)
  const identity = await requireIdentity(options.identity, terminal)
  const origin = await originOf(from, options, identity, terminal)
  const { at, snapshot } = options
  const wanted: Wanted = {
    source: origin.source,
    ...(at === undefined ? {} : { at }),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(options.unit === undefined ? {} : { units: options.unit }),
  }
  say(`Restoring ${origin.sourceName} into ${options.to}`)
  const result = await runRestore({
    receiver: origin.receiver,
    wanted,
    identities: identity.identities,
    trust: await trustOf(identity, origin.agent, options.trust),
    directory: options.to,
    ...(options.before === undefined ? {} : { before: options.before }),
    ...(options.only === undefined ? {} : { only: options.only }),
    ...(apply === undefined ? {} : { apply }),
    engineFor,
    concurrency: origin.concurrency,
    reporter,
    reading: readingOf(terminal, origin.network, origin.concurrency),
    now: terminal.now,
    platform: terminal.platform,
  })
  const seconds = (performance.now() - started) / 1000
  const { sourceName, engine, files, bytes, applied, runbook, notes, warnings } = result
  reporter.summary({
    json: {
      source: sourceName,
      engine,
      snapshots: result.snapshots,
      at: result.at,
      files,
      bytes,
      verified: true,
      applied,
      runbook,
      notes,
      warnings,
      seconds,
    },
    lines: [
      ...formatTable([
        ['restored', `${sourceName}, ${result.at ?? 'latest state'}, from ${result.snapshots.join(', ')}`],
        ['files', `${files}, ${formatBytes(bytes)}, each opened and compared`],
        ['applied', applied ? 'yes' : 'no'],
        ['how to go on', runbook],
        ['took', formatSeconds(seconds)],
      ]),
      ...notes,
    ],
  })
  return warnings.length > 0 ? exit.warnings : exit.done
}

function requireConsistent({ apply, at, snapshot, before, only, target }: Options, { env }: Terminal) {
  const url = target ?? env.FAILSAFE_TARGET
  if (at !== undefined && snapshot !== undefined)
    throw new Failure('usage', 'Give --at or --snapshot, not both', { fix: 'See: failsafe restore --help' })
  if (before !== undefined && at !== undefined)
    throw new Failure('usage', 'Give --at or --before, not both', { fix: 'See: failsafe restore --help' })
  if (before !== undefined && only !== undefined && !apply)
    throw new Failure('usage', '--before and --only go together with --apply only', {
      why: 'no logs are laid out with a part of a backup',
      fix: 'Add --apply, or leave one of them out',
    })
  if (!apply) {
    if (target !== undefined) throw new Failure('usage', '--target is given without --apply', { fix: 'Add --apply' })
    return undefined
  }
  if (url === undefined)
    throw new Failure('usage', '--apply needs --target', {
      fix: 'Add --target, such as mysql://user:password@host:3306',
    })
  return { target: url }
}

interface Origin {
  network: Network
  receiver: RestoreReceiver
  source: string
  sourceName: string
  agent: AgentState | undefined
  concurrency: number
}

async function originOf(
  from: string | undefined,
  options: Options,
  identity: Identity,
  terminal: Terminal,
): Promise<Origin> {
  const link = await readAddress(from, 'FAILSAFE_LINK', terminal)
  if (link !== undefined) return fromLink(link, options, identity, terminal)
  if (from === undefined)
    throw new Failure('usage', 'A source or a restore link is missing', { fix: 'See: failsafe restore --help' })
  const { agent, network, receiver, config } = await connect(options, terminal)
  const { source, name } = await findSource(receiver, from)
  return { network, receiver, source, sourceName: name, agent, concurrency: config.upload.concurrency }
}

/** Whoever has a link and a kit can restore on any machine: nothing of this host is needed. */
async function fromLink(link: string, options: Options, identity: Identity, terminal: Terminal): Promise<Origin> {
  const { url, secret } = parseLink(link)
  const network = await openNetwork(await networkHere(options, terminal), terminal.env, terminal.signal)
  const receiver = new HttpRestoreReceiver({
    url,
    connections: network.connections(calls),
    authorise: byLink(secret, options.passcode ?? terminal.env.FAILSAFE_PASSCODE),
    signal: terminal.signal,
    now: terminal.now,
    patience,
  })
  const { source, sourceName } = await receiver.linkInfo()
  return {
    network,
    receiver,
    source,
    sourceName,
    agent: identity.customerKey ? undefined : await thisHost(options, terminal),
    concurrency: 4,
  }
}

/** How this machine gets out, as far as whoever restores may read it. */
async function networkHere(options: Options, { env, platform }: Terminal): Promise<NetworkSettings> {
  try {
    return (await loadConfig(options.config, env, platform)).network
  } catch (error) {
    if (error instanceof Failure && error.code === 'config-unreadable') return {}
    throw error
  }
}

/** A plain identity file says nothing about agents; then it is this host's word that counts, if it is enrolled. */
async function thisHost(options: Options, { env, platform }: Terminal): Promise<AgentState | undefined> {
  const config = await loadConfig(options.config, env, platform)
  return findAgent(config.state.dir)
}
