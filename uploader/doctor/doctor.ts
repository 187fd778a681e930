import type { SourceId } from '../../shared/ids.ts'
import { type Config, loadConfig, type SourceConfig, sourceNamed } from '../config/load.ts'
import { holdName } from '../files/hold-name.ts'
import { type Network, openNetwork } from '../network/network.ts'
import type { HttpReceiver } from '../receiver/http.ts'
import { actAsOwner } from '../state/act-as-owner.ts'
import type { AgentState } from '../state/agent.ts'
import { type Check, failed, ok, worst } from './check.ts'
import { checkKit } from './kit.ts'
import { checkReceiver } from './receiver.ts'
import { sendOnePart } from './round-trip.ts'
import { checkSchedule } from './schedule.ts'
import { checkSource } from './source.ts'
import { checkStaging } from './staging.ts'
import { checkState } from './state.ts'

export interface Visit {
  /** The configuration file, or undefined for the default one. */
  config: string | undefined
  /** Only this source, or undefined for all. */
  source: string | undefined
  env: NodeJS.ProcessEnv
  platform: NodeJS.Platform
  signal: AbortSignal
  now: () => Date
  /** The receiver as this enrolled host; called where it answers. */
  connect(): Promise<HttpReceiver>
  /** What is looked at now, for a person who waits. */
  say(line: string): void
}

/**
 * Looks at everything that a backup needs, and changes nothing. What one thing rests on is looked at first: where it is missing, what rests on it is
 * left out instead of failing for the same reason again.
 * @throws Failure `source-unknown` only; all else is a check
 */
export async function examine(visit: Visit): Promise<Check[]> {
  const { signal, now, platform, say } = visit
  const checks: Check[] = []
  let config: Config
  try {
    config = await loadConfig(visit.config, visit.env, platform)
  } catch (error) {
    return [failed('configuration', error)]
  }
  await actAsOwner(config.state.dir)
  const names = [...config.sources.keys()]
  const listed = names.length === 0 ? 'no sources; add one with: failsafe init' : names.join(', ')
  checks.push(ok('configuration', `${config.path}: ${listed}`))
  const sources = visit.source === undefined ? [...config.sources.values()] : [sourceNamed(config, visit.source)]

  const state = await checkState(config.state.dir, platform)
  const staging = await checkStaging(config.staging)
  checks.push(...state.checks, ...staging)
  for (const source of sources) {
    say(`Looking at ${source.name}`)
    checks.push(...checkSchedule(source, now()), ...(await checkSource(source, signal, now())))
  }
  if (state.agent) {
    say('Asking the receiver')
    // Without a place to stage in there is nothing to send.
    const sending = worst(staging) === 'failed' ? undefined : sources[0]
    checks.push(...(await checkWay(visit, config, state.agent, sending)))
  }
  return checks
}

async function checkWay(
  visit: Visit,
  config: Config,
  agent: AgentState,
  sending: SourceConfig | undefined,
): Promise<Check[]> {
  const { signal, now } = visit
  const url = config.receiver ?? agent.receiver.url
  let network: Network
  try {
    network = await openNetwork(config.network, visit.env, signal)
  } catch (error) {
    return [failed('network', error)]
  }
  const checks = await checkReceiver({ url, network, id: agent.receiver.id, signal, now })
  if (checks.some(({ outcome }) => outcome === 'failed')) return checks
  try {
    const receiver = await visit.connect()
    const { sources: known } = await receiver.sources()
    checks.push(
      await checkKit(
        receiver,
        known.map(({ source }) => source),
      ),
    )
    if (sending)
      checks.push(await checkUpload(visit, config, { network, receiver, recipients: agent.recipients }, sending))
  } catch (error) {
    signal.throwIfAborted()
    checks.push(failed('receiver', error))
  }
  return checks
}

/** One part of one source: all go the same way. */
async function checkUpload(
  { signal, now }: Visit,
  { staging }: Config,
  way: { network: Network; receiver: HttpReceiver; recipients: string[] },
  { name, engine }: SourceConfig,
): Promise<Check> {
  const { source } = await way.receiver.registerSource(name, { engine })
  const trip = { ...way, source, name, staging: staging.dir, signal, now }
  return whileHeld(source, () => sendOnePart(trip), name)
}

async function whileHeld(source: SourceId, work: () => Promise<Check>, name: string): Promise<Check> {
  const held = await holdName(source)
  if (!held) return ok('upload', 'A run is under way; no part was sent', name)
  try {
    return await work()
  } finally {
    await held.release()
  }
}
