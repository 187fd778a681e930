import { Command, InvalidArgumentError } from 'commander'
import type { z } from 'zod'
import {
  WebhookRemovedResponse,
  type WebhookRequest,
  WebhookResponse,
  WebhooksResponse,
  WebhookTestResponse,
} from '../shared/api/notices.ts'
import { Failure } from '../shared/failure.ts'
import { NoticeKind, noticeKinds } from '../shared/notice.ts'
import { type Common, perform, table, verb } from './verb.ts'

export function webhook(): Command {
  return new Command('webhook')
    .description('addresses that notices are posted to')
    .helpOption('-h, --help', 'this help')
    .addCommand(add())
    .addCommand(list())
    .addCommand(test())
    .addCommand(remove())
}

function add(): Command {
  return verb(
    'add',
    'Has notices posted to an https address, signed as Standard Webhooks say. Prints the secret to check them with, once.',
    'failsafe-admin webhook add https://hooks.example.net/failsafe --kind run-missed run-failing',
  )
    .argument('<address>', 'https://…')
    .option('--tenant <tenant>', 'only what is about this customer')
    .option('--kind <kind...>', 'only these kinds; the documentation has them all', kinds)
    .action((url: string, { tenant, kind, ...options }: Common & { tenant?: string; kind?: NoticeKind[] }) =>
      perform(options, async receiver => {
        const request: z.input<typeof WebhookRequest> = {
          url,
          ...(tenant === undefined ? {} : { tenant }),
          ...(kind === undefined ? {} : { kinds: kind }),
        }
        const made = await receiver.call('POST', '/v1/admin/webhooks', WebhookResponse, request)
        process.stderr.write(`Webhook ${made.id} was added. Its secret is shown this once:\n`)
        return { json: made, lines: [made.secret] }
      }),
    )
}

function list(): Command {
  return verb('list', 'Lists the webhooks.', 'failsafe-admin webhook list').action((options: Common) =>
    perform(options, async receiver => {
      const answer = await receiver.call('GET', '/v1/admin/webhooks', WebhooksResponse)
      const rows = answer.webhooks.map(each => [
        each.id,
        each.origin,
        each.tenant ?? 'all',
        each.kinds?.join(',') ?? 'all',
        each.failing ? `failing since ${each.failing.since}: ${each.failing.why}` : 'works',
      ])
      return { json: answer, lines: table([['id', 'address', 'tenant', 'kinds', 'state'], ...rows]) }
    }),
  )
}

function test(): Command {
  return verb('test', 'Posts a notice of kind test now.', 'failsafe-admin webhook test 01K…')
    .argument('<webhook>', 'its id')
    .action((id: string, options: Common) =>
      perform(options, async receiver => {
        const answer = await receiver.call('POST', `${targetOf(id)}/test`, WebhookTestResponse)
        if (!answer.delivered)
          throw new Failure('webhook-failing', 'The webhook did not take it', {
            ...(answer.why === null ? {} : { why: answer.why }),
            fix: 'Look at the log of whatever answers there: it must answer 2xx within ten seconds',
          })
        return { json: answer, lines: ['The webhook took it.'] }
      }),
    )
}

function remove(): Command {
  return verb('remove', 'Posts nothing there any more.', 'failsafe-admin webhook remove 01K…')
    .argument('<webhook>', 'its id')
    .action((id: string, options: Common) =>
      perform(options, async receiver => {
        const answer = await receiver.call('DELETE', targetOf(id), WebhookRemovedResponse)
        return { json: answer, lines: [`Webhook ${answer.removed} was removed.`] }
      }),
    )
}

const targetOf = (id: string) => `/v1/admin/webhooks/${encodeURIComponent(id)}`

/** One kind more, for commander. */
function kinds(text: string, before: NoticeKind[] | undefined): NoticeKind[] {
  const kind = NoticeKind.safeParse(text)
  if (!kind.success) throw new InvalidArgumentError(`Give some of: ${Object.keys(noticeKinds).join(', ')}.`)
  return [...(before ?? []), kind.data]
}
