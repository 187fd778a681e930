import { certify } from '../../shared/certificate.ts'
import { type PrivateKey, publicKeyOf } from '../../shared/jws.ts'
import type { KeyReceiver } from '../receiver/agent-key.ts'
import type { AgentState } from './agent.ts'
import { type Keeper, settle } from './rotate.ts'

/** Has the customer key certify this host's key, and the receiver keep the certificate with every snapshot from now on. May be done again. */
export async function certifyOwn(
  keeper: Keeper,
  receiver: KeyReceiver,
  { customerKey, now }: { customerKey: PrivateKey; now: Date },
): Promise<AgentState> {
  const agent = await settle(keeper, receiver)
  const certificate = await certify(publicKeyOf(agent.key), customerKey, now)
  await receiver.certify(certificate, publicKeyOf(customerKey), agent.key)
  const certified = { ...agent, certificate, customerKey: publicKeyOf(customerKey) }
  await keeper.save(certified)
  return certified
}
