import { CompactSign, calculateJwkThumbprint, compactVerify, exportJWK, generateKeyPair, importJWK } from 'jose'
import { z } from 'zod'

/** An Ed25519 public key as a JWK. */
export const PublicKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
})
export type PublicKey = z.infer<typeof PublicKey>

export const PrivateKey = PublicKey.extend({ d: z.string().regex(/^[A-Za-z0-9_-]{43}$/) })
export type PrivateKey = z.infer<typeof PrivateKey>

export async function newSigningKey(): Promise<PrivateKey> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  return PrivateKey.parse(await exportJWK(privateKey))
}

export function publicKeyOf({ kty, crv, x }: PrivateKey | PublicKey): PublicKey {
  return { kty, crv, x }
}

/** RFC 7638 thumbprint (base64url SHA-256): the fingerprint that people compare. */
export function fingerprintOf(key: PublicKey): Promise<string> {
  return calculateJwkThumbprint(publicKeyOf(key))
}

/** A compact JWS over `payload`, signed with Ed25519. `typ` keeps one kind of document from being taken for another. */
export async function sign(typ: string, payload: unknown, key: PrivateKey): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(payload))
  return new CompactSign(bytes)
    .setProtectedHeader({ alg: 'EdDSA', typ, kid: await fingerprintOf(key) })
    .sign(await importJWK(key, 'EdDSA'))
}

/** The payload of a JWS whose signature and `typ` hold. Throws otherwise. */
export async function verify<T>(typ: string, schema: z.ZodType<T>, jws: string, key: PublicKey): Promise<T> {
  const { payload, protectedHeader } = await compactVerify(jws, await importJWK(publicKeyOf(key), 'EdDSA'), {
    algorithms: ['EdDSA'],
  })
  if (protectedHeader.typ !== typ) throw new Error(`a ${String(protectedHeader.typ)}, not a ${typ}`)
  return schema.parse(JSON.parse(new TextDecoder().decode(payload)))
}
