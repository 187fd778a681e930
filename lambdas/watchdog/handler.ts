import type { Context } from 'aws-lambda'
import { realPorts } from '../http/real-ports.ts'
import { postWebhook } from '../notices/post.ts'
import { noticeTopic } from '../notices/topic.ts'
import { watch } from './watch.ts'

/*
 * Every five minutes. What it calls, and nothing else:
 *   catalogue  GetItem, Query (the table and its index by-time), PutItem, UpdateItem, ConditionCheckItem; transactions of these
 *   topic      sns:Publish on env.NOTICE_TOPIC_ARN
 *   webhooks   HTTPS to the Internet
 * It has nothing to do with the vault.
 */

const base = realPorts()
const ports = {
  ...base,
  topic: noticeTopic(base.env.NOTICE_TOPIC_ARN),
  post: postWebhook(base.env.WEBHOOK_ADDRESSES),
}

export async function handler(_event: unknown, context: Context): Promise<void> {
  await watch(ports, () => context.getRemainingTimeInMillis())
}
