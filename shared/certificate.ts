import { z } from 'zod'
import { fingerprintOf, type PrivateKey, PublicKey, publicKeyOf, sign, verify } from './jws.ts'

const typ = 'failsafe.certificate/1'

/** The customer key's word that an agent key is the customer's own. Restore trusts certified agent keys only. */
export const Certificate = z.object({
  format: z.literal(typ),
  agentKey: PublicKey,
  customer: z.string(),
  certifiedAt: z.iso.datetime(),
})
export type Certificate = z.infer<typeof Certificate>

export async function certify(agentKey: PublicKey, customerKey: PrivateKey, now: Date): Promise<string> {
  const certificate: Certificate = {
    format: typ,
    agentKey: publicKeyOf(agentKey),
    customer: await fingerprintOf(customerKey),
    certifiedAt: now.toISOString(),
  }
  return sign(typ, certificate, customerKey)
}

/** Whether `certificate` is `customerKey`'s word for exactly `agentKey`. */
export async function isCertified(certificate: string, agentKey: PublicKey, customerKey: PublicKey): Promise<boolean> {
  try {
    const { agentKey: certified } = await verify(typ, Certificate, certificate, customerKey)
    return (await fingerprintOf(certified)) === (await fingerprintOf(agentKey))
  } catch {
    return false
  }
}
