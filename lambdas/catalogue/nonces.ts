import { hashOf, nonceKey, ttl } from './keys.ts'
import { isRefused, put, type Table } from './table.ts'

/**
 * Remembers a nonce until its proof could not be used any more.
 * @returns false if it was seen before. TTL deletes late, so that an expired one is told by its time.
 */
export async function claimNonce(table: Table, signer: string, nonce: string, expires: Date, now: Date) {
  try {
    await put(table, {
      key: nonceKey(hashOf(`${signer} ${nonce}`)),
      item: { expires: expires.toISOString(), ttl: ttl(expires) },
      condition: 'attribute_not_exists(#PK) OR #expires < :now',
      values: { ':now': now.toISOString() },
    })
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}
