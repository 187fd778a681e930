import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from '../../shared/failure.ts'
import { SourceId } from '../../shared/ids.ts'
import { fingerprintOf } from '../../shared/jws.ts'
import type { Identity } from '../../shared/restore/identity.ts'
import type { Trust } from '../../shared/restore/trust.ts'
import { keysOf } from '../../shared/succession.ts'
import { type Config, loadConfig } from '../config/load.ts'
import { type Network, openNetwork } from '../network/network.ts'
import { type KeyReceiver, keyReceiver } from '../receiver/agent-key.ts'
import { type Authorise, byProof } from '../receiver/authorisation.ts'
import { HttpReceiver } from '../receiver/http.ts'
import type { Reading } from '../restore/chain.ts'
import type { AgentState } from '../state/agent.ts'
import { loadAgent, settledAgent } from '../state/store.ts'
import type { Terminal } from './terminal.ts'

/** How long a person waits for a receiver that went away (milliseconds). */
export const patience = 30_000

/** Calls to the receiver that may be under way at once. */
export const calls = 8

export interface Connected {
  config: Config
  agent: AgentState
  network: Network
  receiver: HttpReceiver
  keys: KeyReceiver
}

/**
 * The receiver, as this enrolled host. After an interruption it can still be told about it for `grace` milliseconds.
 * @throws Failure of the configuration, or `not-enrolled`
 */
export async function connect(
  options: { config?: string },
  terminal: Terminal,
  { patience: wait = patience, grace = 0 }: { patience?: number; grace?: number } = {},
): Promise<Connected> {
  const config = await loadConfig(options.config, terminal.env, terminal.platform)
  const directory = config.state.dir
  let agent = await loadAgent(directory)
  const network = await openNetwork(config.network, terminal.env, terminal.signal)
  const asking = {
    url: config.receiver ?? agent.receiver.url,
    connections: network.connections(calls),
    signal: grace === 0 ? terminal.signal : later(terminal.signal, grace),
    now: terminal.now,
    patience: wait,
  }
  const keys = keyReceiver(agent, asking)
  const refresh = async () => {
    agent = await settledAgent(directory, keys, asking.signal)
  }
  if (agent.next) await refresh()
  const authorise: Authorise = (request, now) => byProof(agent.key, agent.agent, agent.receiver.id)(request, now)
  return { config, agent, network, receiver: new HttpReceiver({ ...asking, authorise, refresh }), keys }
}

/** One of the caller's own sources at the receiver, by name or id. */
export async function findSource(receiver: HttpReceiver, name: string) {
  const { sources } = await receiver.sources()
  const found = sources.find(source => source.name === name) ?? sources.find(({ source }) => source === name)
  if (found) return found
  const known = sources.map(source => source.name).join(', ')
  throw new Failure('source-unknown', `The receiver knows no source ${JSON.stringify(name)} of this host`, {
    why: known === '' ? 'nothing has been backed up yet' : `it knows ${known}`,
    fix: SourceId.safeParse(name).success ? 'Name the source instead' : 'See: failsafe list',
  })
}

/**
 * Whose snapshots are believed. A kit is the customer's own word and counts alone; without one it is what this host has known
 * since it enrolled: the customer key, and itself.
 */
export async function trustOf(
  identity: Identity | undefined,
  agent: AgentState | undefined,
  named: readonly string[] = [],
): Promise<Trust> {
  const { customerKey, certified = [] } = identity ?? {}
  if (customerKey) return { customerKeys: [customerKey], fingerprints: new Set([...certified, ...named]) }
  const own = agent
    ? await Promise.all([...(await keysOf(agent.succession, agent.agent)), agent.key].map(fingerprintOf))
    : []
  return {
    customerKeys: agent?.customerKey ? [agent.customerKey] : [],
    fingerprints: new Set([...own, ...named]),
  }
}

const spareConnections = 12

/** @param most how many packs are read at once */
export function readingOf({ signal }: Terminal, network: Network, most: number): Omit<Reading, 'onBytes'> {
  return {
    // More than are read at once: a request that waited for a connection which another is still letting go of would wait unwatched.
    connections: network.connections(most + spareConnections),
    signal,
    sleep: (milliseconds, stop) => delay(milliseconds, undefined, { signal: stop }),
    random: Math.random,
  }
}

/** A signal that is aborted `milliseconds` after `signal` was. */
function later(signal: AbortSignal, milliseconds: number): AbortSignal {
  const controller = new AbortController()
  signal.addEventListener('abort', () => setTimeout(() => controller.abort(), milliseconds).unref(), { once: true })
  return controller.signal
}
