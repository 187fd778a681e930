import { Command } from 'commander'
import type { z } from 'zod'
import { AdminAgent, AdminAgentsResponse, type ReasonRequest } from '../shared/api/admin.ts'
import { pagesOf } from './pages.ts'
import type { AdminReceiver } from './receiver.ts'
import { type Common, perform, table, verb } from './verb.ts'

type Agent = z.output<typeof AdminAgent>

export function agent(): Command {
  const command = new Command('agent')
    .description("the customers' enrolled hosts")
    .helpOption('-h, --help', 'this help')
  return command.addCommand(list()).addCommand(revoke())
}

function list(): Command {
  return verb('list', 'Lists the agents of a customer, revoked ones too.', 'failsafe-admin agent list acme')
    .argument('<tenant>', 'its id')
    .action((tenant: string, options: Common) =>
      perform(options, async receiver => {
        const agents = await agentsOf(receiver, tenant)
        const heads = ['host', 'state', 'agent seen', 'key', 'certified', 'replaced by', 'id']
        const rows = agents.map(each => [
          each.name,
          each.state,
          each.lastSeen,
          each.fingerprint,
          each.certified ? 'yes' : 'no',
          each.replacedBy ?? '-',
          each.agent,
        ])
        return { json: { agents }, lines: table([heads, ...rows]) }
      }),
    )
}

async function agentsOf(receiver: AdminReceiver, tenant: string): Promise<Agent[]> {
  const agents: Agent[] = []
  for await (const page of pagesOf(receiver, '/v1/admin/agents', AdminAgentsResponse, { tenant }))
    agents.push(...page.agents)
  return agents
}

function revoke(): Command {
  return verb(
    'revoke',
    'Refuses every call of an agent from now on, and its links. What it backed up stays.',
    'failsafe-admin agent revoke acme.01JDB0000000000000000000AA --reason "server sold"',
  )
    .argument('<agent>', 'its id, as agent list prints it')
    .option('--reason <text>', 'for the audit')
    .action((id: string, { reason, ...options }: Common & { reason?: string }) =>
      perform(options, async receiver => {
        const request: z.input<typeof ReasonRequest> = reason === undefined ? {} : { reason }
        const target = `/v1/admin/agents/${encodeURIComponent(id)}/revoke`
        const revoked = await receiver.call('POST', target, AdminAgent, request)
        return {
          json: revoked,
          lines: [
            `${revoked.name} (${revoked.agent}) is revoked since ${revoked.revokedAt}.`,
            `For a rebuilt host: failsafe-admin enrol-token ${revoked.tenant} --replaces ${revoked.agent}`,
          ],
        }
      }),
    )
}
