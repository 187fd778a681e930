import type { NewNotice } from '../catalogue/notices.ts'
import type { Webhook } from '../catalogue/webhooks.ts'
import type { Ports } from '../http/ports.ts'

export function failingNotice(ports: Pick<Ports, 'env'>, webhook: Webhook, now: Date): NewNotice {
  const { since, tries, why } = webhook.failing!
  return {
    ...common(ports, webhook, now),
    severity: 'warning',
    text: `The webhook ${hostOf(webhook)} has taken nothing since ${since} (${tries} attempts; the last one: ${why}). Mend it or remove it with "failsafe-admin webhook remove ${webhook.id}". A notice is given up after three days.`,
  }
}

export function workingNotice(ports: Pick<Ports, 'env'>, webhook: Webhook, now: Date): NewNotice {
  return {
    ...common(ports, webhook, now),
    severity: 'info',
    text: `The webhook ${hostOf(webhook)} takes notices again.`,
  }
}

export function removedNotice(ports: Pick<Ports, 'env'>, webhook: Webhook, now: Date): NewNotice {
  return { ...common(ports, webhook, now), severity: 'info', text: `The webhook ${hostOf(webhook)} was removed.` }
}

function common({ env }: Pick<Ports, 'env'>, webhook: Webhook, now: Date) {
  return {
    at: now.toISOString(),
    receiver: env.RECEIVER_ID,
    tenant: webhook.tenant,
    kind: 'webhook-failing' as const,
    subject: { type: 'webhook' as const, id: webhook.id, name: hostOf(webhook) },
  }
}

/** Paths of webhooks carry secrets. */
export function hostOf({ url }: Pick<Webhook, 'url'>): string {
  return new URL(url).host
}
