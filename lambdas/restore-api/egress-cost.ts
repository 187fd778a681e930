import type { Environment } from '../http/environment.ts'

/** What the cloud asks the provider for sending so many bytes to the Internet, in US dollars, rounded up to a cent. */
export function egressCost(bytes: number, { EGRESS_PRICE_PER_GB }: Environment) {
  return { amount: Math.ceil((bytes / 1e9) * EGRESS_PRICE_PER_GB * 100) / 100, currency: 'USD' }
}
