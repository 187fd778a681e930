import { decodeJwt } from 'jose'
import { z } from 'zod'
import { Failure } from './failure.ts'
import { AgentId } from './ids.ts'
import { type PrivateKey, PublicKey, publicKeyOf, sign, verify } from './jws.ts'

const typ = 'failsafe.succession/1'
const possessionTyp = 'failsafe.possession/1'

/** The old key's word that a new one takes its place. Restore believes a key that descends from one that it trusts. */
export const Succession = z.object({
  format: z.literal(typ),
  agent: AgentId,
  /** The key itself and not its fingerprint, so that a line of descent can be checked by who has nothing else. */
  oldKey: PublicKey,
  newKey: PublicKey,
  at: z.iso.datetime(),
})
export type Succession = z.infer<typeof Succession>

/** What a receiver is shown: the old key's word, and the new key's over the same claims, as nobody may hand on to a key that is not theirs. */
export interface Handover {
  succession: string
  possession: string
}

export async function handOver(agent: AgentId, oldKey: PrivateKey, newKey: PrivateKey, now: Date): Promise<Handover> {
  const claims: Succession = {
    format: typ,
    agent,
    oldKey: publicKeyOf(oldKey),
    newKey: publicKeyOf(newKey),
    at: now.toISOString(),
  }
  return { succession: await sign(typ, claims, oldKey), possession: await sign(possessionTyp, claims, newKey) }
}

/** Whether both keys of `agent` have said exactly this. */
export async function isHandover(
  { succession, possession }: Handover,
  { agent, oldKey, newKey }: Pick<Succession, 'agent' | 'oldKey' | 'newKey'>,
): Promise<boolean> {
  try {
    const given = await verify(typ, Succession, succession, oldKey)
    const taken = await verify(possessionTyp, Succession, possession, newKey)
    return [given, taken].every(
      claims =>
        claims.agent === agent &&
        isSameKey(claims.oldKey, oldKey) &&
        isSameKey(claims.newKey, newKey) &&
        claims.at === given.at,
    )
  } catch {
    return false
  }
}

/**
 * The keys of a line of descent, oldest first, each proved by the signature of the one before it. Empty for an empty line.
 * @param line of `Succession`s, oldest first
 * @throws Failure `succession-broken` for a line that is broken, out of order, forked, turned back or of another agent
 */
export async function keysOf(line: readonly string[], agent: AgentId): Promise<PublicKey[]> {
  const keys: PublicKey[] = []
  for (const [i, link] of line.entries()) {
    const {
      oldKey,
      newKey,
      agent: of,
    } = await claimsOf(link).catch(cause => {
      throw broken(i, 'its signature does not hold', cause)
    })
    if (of !== agent) throw broken(i, `it is of agent ${of}`)
    if (keys.length === 0) keys.push(oldKey)
    if (!isSameKey(keys.at(-1)!, oldKey)) throw broken(i, 'another key signed it than the one before it leads to')
    if (keys.some(key => isSameKey(key, newKey))) throw broken(i, 'it leads back to a key that was left')
    keys.push(newKey)
  }
  return keys
}

/** A link says itself which key signs it; whether that is the right one is for the line to say. */
async function claimsOf(link: string): Promise<Succession> {
  const { oldKey } = Succession.parse(decodeJwt(link))
  return verify(typ, Succession, link, oldKey)
}

/** The part of a line that leads to `key`, which may be any key of it; undefined for a key that is not in it. */
export async function lineTo(line: readonly string[], agent: AgentId, key: PublicKey): Promise<string[] | undefined> {
  const at = (await keysOf(line, agent)).findIndex(each => isSameKey(each, key))
  return at < 0 ? undefined : line.slice(0, at)
}

export function isSameKey(a: PublicKey, b: PublicKey): boolean {
  return a.x === b.x
}

function broken(i: number, why: string, cause?: unknown): Failure {
  return new Failure('succession-broken', `Step ${i + 1} of a line of agent keys is not valid`, {
    why,
    fix: 'Fetch it again; one that stays like that is not to be believed',
    cause,
  })
}
