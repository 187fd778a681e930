import { fingerprintOf } from '../../shared/jws.ts'
import { type Agent, replacement } from '../catalogue/agents.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { type NewNotice, newNotice, noticeStep } from '../catalogue/notices.ts'
import type { Step } from '../catalogue/table.ts'
import type { AgentApiPorts } from './ports.ts'

/**
 * Steps of the enrolment that puts `agent` in the place of `old`: the old one is revoked for good, and the new one speaks for what was its.
 * Other recipients or another customer key than before are allowed, as the kit may be what was lost, but never silently.
 */
export async function replacementSteps({ env }: AgentApiPorts, agent: Agent, old: Agent): Promise<Step[]> {
  const at = agent.enrolledAt
  const about: Omit<NewNotice, 'kind' | 'severity' | 'text'> = {
    at,
    receiver: env.RECEIVER_ID,
    tenant: agent.tenant,
    subject: { type: 'agent', id: agent.agent, name: agent.name },
  }
  const actor = `agent:${agent.agent}`
  const audited = { at, actor, target: old.agent }
  const customer = { before: await fingerprintOfNullable(old), after: await fingerprintOfNullable(agent) }
  const detail = { by: agent.agent, ...(customer.before === customer.after ? {} : { customerKey: customer }) }
  const text = `${old.name} (${old.agent}) was replaced by ${agent.name} (${agent.agent}), which has its sources and snapshots now.`
  return [
    { update: replacement(old.agent, agent.agent, at) },
    { put: auditCreation(agent.tenant, { ...audited, action: 'agent-replaced', detail }) },
    noticeStep(newNotice({ ...about, kind: 'agent-revoked', severity: 'info', text, detail }, 'event')),
    ...recipientSteps(),
  ]

  function recipientSteps(): Step[] {
    const recipients = { before: old.recipients, after: agent.recipients }
    if ([...old.recipients].sort().join() === [...agent.recipients].sort().join()) return []
    const text = `${agent.name} seals to other recipients than ${old.name}, which it replaces. If nobody made a new recovery kit, revoke it.`
    return [
      {
        put: auditCreation(agent.tenant, {
          ...audited,
          target: agent.agent,
          action: 'recipients-changed',
          detail: recipients,
        }),
      },
      noticeStep(
        newNotice({ ...about, kind: 'recipients-changed', severity: 'warning', text, detail: recipients }, 'event'),
      ),
    ]
  }
}

async function fingerprintOfNullable({ customerKey }: Agent): Promise<string | null> {
  return customerKey && fingerprintOf(customerKey)
}
