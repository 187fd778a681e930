import { createHash, randomBytes } from 'node:crypto'
import { compactVerify, decodeProtectedHeader, importJWK, SignJWT } from 'jose'
import { z } from 'zod'
import type { PrivateKey, PublicKey } from './jws.ts'
import { ProblemError } from './problem.ts'

/**
 * The proof JWT that every agent request carries in `authorization: Proof <jwt>`.
 * It binds method, path and query, body, time and a nonce to the agent's key and to one receiver.
 */
const typ = 'failsafe-proof+jwt'
export const proofScheme = 'Proof '
/** Seconds a proof's time may differ from the receiver's clock; a nonce is remembered for twice as long. */
export const proofWindow = 300

const Claims = z.object({
  aud: z.string(),
  htm: z.string(),
  htu: z.string(),
  iat: z.number().int(),
  jti: z.string().min(16).max(64),
  sha256: z.string(),
})

export interface SignedRequest {
  method: string
  /** Path and query exactly as sent, e.g. `/v1/snapshots?x=1`. */
  target: string
  body: Uint8Array
}

const bodyHash = (body: Uint8Array) => createHash('sha256').update(body).digest('base64url')

/** @param kid the agent id, or the key's fingerprint while enrolling */
export async function makeProof(request: SignedRequest, key: PrivateKey, kid: string, receiver: string, now: Date) {
  return new SignJWT({ htm: request.method, htu: request.target, sha256: bodyHash(request.body) })
    .setProtectedHeader({ alg: 'EdDSA', typ, kid })
    .setAudience(receiver)
    .setIssuedAt(Math.floor(now.getTime() / 1000))
    .setJti(randomBytes(18).toString('base64url'))
    .sign(await importJWK(key, 'EdDSA'))
}

/** Who signed, before anything is proved: used to look the key up. */
export function claimedAgent(proof: string): string {
  const { kid } = headerOf(proof)
  if (typeof kid !== 'string') throw new ProblemError('proof-invalid')
  return kid
}

function headerOf(proof: string) {
  try {
    return decodeProtectedHeader(proof)
  } catch (cause) {
    throw new ProblemError('proof-invalid', undefined, { cause })
  }
}

/**
 * Checks signature, receiver, request and time; the caller then stores the nonce to refuse a replay.
 * @throws ProblemError `proof-invalid`, or `clock-skew` with `receiverTime` so that the agent can correct once
 */
export async function checkProof(
  proof: string,
  request: SignedRequest,
  key: PublicKey,
  receiver: string,
  now: Date,
): Promise<{ nonce: string; expires: Date }> {
  const claims = await compactVerify(proof, await importJWK(key, 'EdDSA'), { algorithms: ['EdDSA'] })
    .then(({ payload, protectedHeader }) => {
      if (protectedHeader.typ !== typ) throw new Error('not a proof')
      return Claims.parse(JSON.parse(new TextDecoder().decode(payload)))
    })
    .catch(cause => {
      throw new ProblemError('proof-invalid', undefined, { cause })
    })
  const bound =
    claims.aud === receiver &&
    claims.htm === request.method &&
    claims.htu === request.target &&
    claims.sha256 === bodyHash(request.body)
  if (!bound) throw new ProblemError('proof-invalid')
  if (Math.abs(claims.iat - now.getTime() / 1000) > proofWindow)
    throw new ProblemError('clock-skew', `it differs by more than ${proofWindow} seconds from the receiver's`, {
      extra: { receiverTime: now.toISOString() },
      fix: 'Set the clock of this machine',
    })
  return { nonce: claims.jti, expires: new Date((claims.iat + 2 * proofWindow) * 1000) }
}
