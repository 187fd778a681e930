import type { PrivateKey } from '../../shared/jws.ts'
import { makeProof, proofScheme, type SignedRequest } from '../../shared/proof.ts'

/** Makes the headers that say who asks. Called anew for every attempt: a proof is good for one request only. */
export type Authorise = (request: SignedRequest, now: Date) => Promise<Record<string, string>>

export function byProof(key: PrivateKey, kid: string, receiver: string): Authorise {
  return async (request, now) => ({ authorization: proofScheme + (await makeProof(request, key, kid, receiver, now)) })
}

export function byLink(secret: string, passcode: string | undefined): Authorise {
  return async () => ({
    authorization: `Bearer ${secret}`,
    ...(passcode === undefined ? {} : { 'x-failsafe-passcode': passcode }),
  })
}

export const unsigned: Authorise = async () => ({})
