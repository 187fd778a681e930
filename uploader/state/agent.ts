import { z } from 'zod'
import { AgentId, Label, TenantId } from '../../shared/ids.ts'
import { PrivateKey, PublicKey } from '../../shared/jws.ts'

/**
 * What an enrolled host knows of itself (`agent.json` in the state directory, mode 0600). It holds a key that signs requests and
 * nothing that S3 accepts or that opens a sealed artefact.
 */
export const AgentState = z.object({
  format: z.literal('failsafe.agent/1'),
  receiver: z.object({ url: z.url(), id: z.string() }),
  tenant: TenantId,
  agent: AgentId,
  name: Label,
  key: PrivateKey,
  /** The customer key that certifies agents, as it was when this host enrolled; null when only a recipient was given. */
  customerKey: PublicKey.nullable(),
  certificate: z.string().nullable(),
  recipients: z.array(z.string()).min(1),
  /** How `key` descends from the key that this host enrolled with (`failsafe.succession/1`), oldest first. */
  succession: z.array(z.string()).default([]),
  /**
   * The key that the receiver was asked to take, as long as it is not known whether it did. It is never thrown away while it may
   * be the one that counts, and no other is made before that is settled.
   */
  next: z
    .object({
      key: PrivateKey,
      succession: z.string(),
      possession: z.string(),
      certification: z.object({ certificate: z.string(), customerKey: PublicKey }).optional(),
    })
    .optional(),
})
export type AgentState = z.infer<typeof AgentState>
