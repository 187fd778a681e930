import type { Manifest } from '../../shared/manifest.ts'
import { findAgent } from '../catalogue/agents.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { agentKey } from '../catalogue/keys.ts'
import { newNotice, noticeStep } from '../catalogue/notices.ts'
import { isRefused, transact } from '../catalogue/table.ts'
import type { CommitPorts } from './ports.ts'

/**
 * Backups that are sealed to other recipients than the agent's recorded ones are stored all the same: bytes off site are never refused.
 * But whoever changed the recipients can read what follows, or nobody can, so it is audited, told once, and recorded.
 */
export async function noteRecipients(
  { catalogue, env }: CommitPorts,
  { agent: id, recipients: sealedTo, snapshot }: Pick<Manifest, 'agent' | 'recipients' | 'snapshot'>,
  receivedAt: string,
): Promise<void> {
  const agent = await findAgent(catalogue, id)
  if (!agent || sameSet(agent.recipients, sealedTo)) return
  const added = sealedTo.filter(recipient => !agent.recipients.includes(recipient))
  const removed = agent.recipients.filter(recipient => !sealedTo.includes(recipient))
  const detail = { snapshot, added, removed }
  try {
    await transact(catalogue, [
      {
        update: {
          key: agentKey(id),
          update: 'SET #recipients = :sealedTo',
          condition: '#recipients = :known',
          values: { ':sealedTo': sealedTo, ':known': agent.recipients },
        },
      },
      {
        put: auditCreation(agent.tenant, {
          at: receivedAt,
          actor: `agent:${id}`,
          action: 'recipients-changed',
          target: id,
          detail,
        }),
      },
      noticeStep(
        newNotice(
          {
            at: receivedAt,
            receiver: env.RECEIVER_ID,
            tenant: agent.tenant,
            kind: 'recipients-changed',
            severity: 'critical',
            subject: { type: 'agent', id, name: agent.name },
            text:
              `${agent.name} seals its backups to other recipients than before (${added.length} added, ${removed.length} removed). ` +
              'Ask the customer whether they changed the recovery kit; if not, the host may be in foreign hands.',
            detail,
          },
          'event',
        ),
      ),
    ])
  } catch (error) {
    if (!isRefused(error)) throw error // another commit noted it at the same moment
  }
}

function sameSet(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every(each => b.includes(each))
}
