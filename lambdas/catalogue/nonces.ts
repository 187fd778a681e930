import { z } from 'zod'
import { hashOf, nonceKey, ttl } from './keys.ts'
import { isRefused, put, read, type Table } from './table.ts'

const Nonce = z.object({ claim: z.string() })

/**
 * Remembers a nonce until its proof could not be used any more.
 * @param claim of this request alone: a write that the SDK sends again because its answer was lost meets itself
 * @returns false if it was seen before. TTL deletes late, so that an expired one is told by its time.
 */
export async function claimNonce(
  table: Table,
  signer: string,
  nonce: string,
  claim: string,
  expires: Date,
  now: Date,
): Promise<boolean> {
  const key = nonceKey(hashOf(`${signer} ${nonce}`))
  try {
    await put(table, {
      key,
      item: { claim, expires: expires.toISOString(), ttl: ttl(expires) },
      condition: 'attribute_not_exists(#PK) OR #expires < :now',
      values: { ':now': now.toISOString() },
    })
    return true
  } catch (error) {
    if (!isRefused(error)) throw error
    return (await read(table, Nonce, key))?.claim === claim
  }
}
