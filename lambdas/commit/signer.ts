import { decodeProtectedHeader } from 'jose'
import { fingerprintOf, type PublicKey } from '../../shared/jws.ts'
import { keysOf, lineTo } from '../../shared/succession.ts'
import type { Agent } from '../catalogue/agents.ts'

/**
 * The key of an agent that a manifest says it is signed with, and the line of descent that leads to it. A run that began before the key was
 * changed signs with the key it began with: that is believed here because the request that brings the manifest is proved with the key
 * of now, which an earlier key's thief has not got. A key that is not the agent's is for the check of the signature to refuse.
 */
export async function signerOf(
  { agent, publicKey, succession }: Agent,
  jws: string,
): Promise<{ agentKey: PublicKey; succession: string[] }> {
  const kid = keyIdOf(jws)
  if (kid === (await fingerprintOf(publicKey))) return { agentKey: publicKey, succession }
  for (const key of await keysOf(succession, agent))
    if (kid === (await fingerprintOf(key)))
      return { agentKey: key, succession: (await lineTo(succession, agent, key)) ?? [] }
  return { agentKey: publicKey, succession }
}

function keyIdOf(jws: string): string | undefined {
  try {
    return decodeProtectedHeader(jws).kid
  } catch {
    return undefined
  }
}
