import { Failure } from '../../shared/failure.ts'
import { fingerprintOf } from '../../shared/jws.ts'
import type { Kit } from '../../shared/kit.ts'
import { isSameKey } from '../../shared/succession.ts'
import type { AgentState } from '../state/agent.ts'

/** @throws Failure `customer-key-differs` before anything is asked of the receiver, which would refuse it too */
export async function requireOwnKit(kit: Kit, { customerKey, name }: AgentState): Promise<void> {
  if (customerKey === null || isSameKey(customerKey, kit.customerKey)) return
  throw new Failure('customer-key-differs', `This is not the recovery kit that ${name} was enrolled with`, {
    why: `its customer key is another one than ${await fingerprintOf(customerKey)}`,
    fix: 'Give the kit of that key. A host that shall use a new kit is enrolled again, with a token that replaces the agent',
  })
}
