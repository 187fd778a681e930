import { type PublicKey, publicKeyOf } from '../jws.ts'
import { identitiesOf, type Kit, parseKit } from '../kit.ts'
import { decrypterFor } from '../sealed/identities.ts'
import { certifiedIn } from './certified.ts'

/** What a person who restores brings along. */
export interface Identity {
  /** Secret keys of age. */
  identities: string[]
  /** The kit, where it is one and not a plain identity file. */
  kit: Kit | undefined
  customerKey: PublicKey | undefined
  /** Fingerprints of agents that `kit certify` has written into it. */
  certified: string[]
}

/** A recovery kit or an identity file of age. @throws Failure `kit-invalid` or `identity-invalid` */
export async function parseIdentity(text: string): Promise<Identity> {
  const isKit = /^# format: failsafe\.kit\//m.test(text)
  const kit = isKit ? await parseKit(text) : undefined
  const identities = identitiesOf(text)
  // one with a character too few is told here, before anybody is asked for anything
  decrypterFor(identities)
  return {
    identities,
    kit,
    customerKey: kit && publicKeyOf(kit.customerKey),
    certified: kit ? certifiedIn(text) : [],
  }
}
