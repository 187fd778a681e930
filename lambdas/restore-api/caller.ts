import { BlockList, isIP } from 'node:net'
import type { LambdaEvent } from 'hono/aws-lambda'
import { z } from 'zod'
import { parseAddressRange } from '../../shared/link.ts'

const Event = z.object({ requestContext: z.object({ http: z.object({ sourceIp: z.string() }) }) })

/** Where a request came from, as API Gateway saw it: no header says so, because anybody can send one. */
export function callerOf(env: { event?: LambdaEvent } | undefined): string | undefined {
  const event = Event.safeParse(env?.event)
  return event.success ? event.data.requestContext.http.sourceIp : undefined
}

/** @param ranges addresses and CIDR blocks of IPv4 and IPv6 */
export function isAmong(ranges: readonly string[], address: string | undefined): boolean {
  const family = address === undefined ? 0 : isIP(address)
  if (family === 0) return false
  const list = new BlockList()
  for (const text of ranges) {
    const range = parseAddressRange(text)
    if (!range) continue
    const kind = range.family === 4 ? 'ipv4' : 'ipv6'
    if (range.bits === undefined) list.addAddress(range.address, kind)
    else list.addSubnet(range.address, range.bits, kind)
  }
  return list.check(address!, family === 4 ? 'ipv4' : 'ipv6')
}
