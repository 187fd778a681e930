import { readTime } from '../../moments/zone.ts'
import type { LinkWish } from '../receiver/answers.ts'

/** What a person wrote into the form of a restore link; empty where nothing is. */
export interface LinkForm {
  source: string
  expiresSeconds: number
  uses: string
  passcode: string
  /** `2026-11-05T14:10`, as clocks in the person's zone show it. */
  since: string
  until: string
  /** With spaces or commas between. */
  addresses: string
}

/** `never`: clocks were put forward over a time. `order`: it ends before it begins. */
export type LinkWishResult = { wish: LinkWish } | { wrong: 'never' | 'order' }

/** @param zone that the moments are written in. Of an hour that came twice, both belong to the span */
export function linkWishOf(tenant: string, form: LinkForm, zone: string): LinkWishResult {
  const since = momentOf(form.since, zone, 'first')
  const until = momentOf(form.until, zone, 'last')
  if (since === 'never' || until === 'never') return { wrong: 'never' }
  if (since !== undefined && until !== undefined && since > until) return { wrong: 'order' }
  const addresses = form.addresses.split(/[\s,;]+/).filter(Boolean)
  return {
    wish: {
      tenant,
      source: form.source,
      expiresSeconds: form.expiresSeconds,
      ...(form.uses === '' ? {} : { uses: Number(form.uses) }),
      ...(form.passcode === '' ? {} : { passcode: form.passcode }),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ...(addresses.length === 0 ? {} : { addresses }),
    },
  }
}

/** @param which of the two, where clocks showed it twice */
function momentOf(text: string, zone: string, which: 'first' | 'last'): string | undefined {
  if (text === '') return undefined
  const read = readTime(text, zone)
  switch (read.kind) {
    case 'one':
      return new Date(read.time).toISOString()
    case 'twice':
      return new Date(read.times[which === 'first' ? 0 : 1]).toISOString()
    default:
      return 'never'
  }
}
