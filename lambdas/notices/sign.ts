import { createHmac } from 'node:crypto'
import type { Notice } from '../../shared/notice.ts'
import type { Ports } from '../http/ports.ts'
import type { Delivery } from './post.ts'

const prefix = 'whsec_'

export function newWebhookSecret({ random }: Pick<Ports, 'random'>): string {
  return prefix + Buffer.from(random(32)).toString('base64')
}

/** A notice as a webhook gets it: Standard Webhooks, version 1. The time is that of this attempt, the id the same in each. */
export function signedDelivery(webhook: { url: string; secret: string }, notice: Notice, now: Date): Delivery {
  const body = JSON.stringify(notice)
  const timestamp = String(Math.floor(now.getTime() / 1000))
  const key = Buffer.from(webhook.secret.slice(prefix.length), 'base64')
  const signature = createHmac('sha256', key).update(`${notice.id}.${timestamp}.${body}`).digest('base64')
  return {
    url: webhook.url,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'FailSafe-Online-Backup',
      'webhook-id': notice.id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    },
    body,
  }
}
