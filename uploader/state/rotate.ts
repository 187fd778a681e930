import { certify } from '../../shared/certificate.ts'
import { Failure } from '../../shared/failure.ts'
import { newSigningKey, type PrivateKey, publicKeyOf } from '../../shared/jws.ts'
import { ProblemError } from '../../shared/problem.ts'
import { handOver } from '../../shared/succession.ts'
import type { KeyReceiver } from '../receiver/agent-key.ts'
import type { AgentState } from './agent.ts'

/*
 *   key ──new key on disk──▶ key, next ──receiver asked──▶ ? ──answer──▶ next is the key
 *
 * Whoever dies at any arrow leaves `key, next` behind, and then one of both is the key that counts. The next command asks for the very same
 * again, with the old key and, where the receiver does not know that one any more, with the new: either way it is told.
 */

/** Where the state lies; the caller holds it. */
export interface Keeper {
  load(): Promise<AgentState>
  /** On disk when it returns. */
  save(agent: AgentState): Promise<void>
}

/**
 * Gives this host a new key.
 * @param customerKey of the recovery kit, where it is at hand: certifies the new key
 */
export async function rotate(
  keeper: Keeper,
  receiver: KeyReceiver,
  { customerKey, now }: { customerKey: PrivateKey | undefined; now: Date },
): Promise<AgentState> {
  const agent = await settle(keeper, receiver)
  const key = await newSigningKey()
  const certification = customerKey && {
    certificate: await certify(publicKeyOf(key), customerKey, now),
    customerKey: publicKeyOf(customerKey),
  }
  const handover = await handOver(agent.agent, agent.key, key, now)
  await keeper.save({ ...agent, next: { key, ...handover, ...(certification && { certification }) } })
  return settle(keeper, receiver)
}

/**
 * Finds out what became of a change of the key that was begun, and finishes it. Does nothing where there is none.
 * @throws what the receiver refused it with; Failure `agent-key-unknown` when it knows neither key
 */
export async function settle(keeper: Keeper, receiver: KeyReceiver): Promise<AgentState> {
  const agent = await keeper.load()
  const { next, ...before } = agent
  if (!next) return agent
  const { key, succession, possession, certification } = next
  const request = { publicKey: publicKeyOf(key), succession, possession, ...(certification && { certification }) }
  try {
    await receiver.rotate(request, agent.key).catch(error => {
      if (!isUnknown(error)) throw error
      return receiver.rotate(request, key)
    })
  } catch (error) {
    if (isUnknown(error)) throw keyUnknown(agent, error)
    // The receiver has said for good that it does not take this key: the old one stays.
    if (isRefusal(error)) await keeper.save(before)
    throw error
  }
  const after: AgentState = {
    ...before,
    key,
    succession: [...agent.succession, succession],
    certificate: certification?.certificate ?? agent.certificate,
    customerKey: agent.customerKey ?? certification?.customerKey ?? null,
  }
  await keeper.save(after)
  return after
}

const isUnknown = (error: unknown) => error instanceof ProblemError && error.code === 'proof-invalid'
const isRefusal = (error: unknown) =>
  error instanceof ProblemError && ['invalid-request', 'customer-key-differs'].includes(error.code)

function keyUnknown({ name }: AgentState, cause: unknown): Failure {
  return new Failure('agent-key-unknown', `The receiver knows neither the old key of ${name} nor the new one`, {
    why: 'another machine with a copy of this state has changed the key, or the agent was removed',
    fix: 'Ask the provider for an enrolment token that replaces this agent, move agent.json away and enrol again',
    cause,
  })
}
