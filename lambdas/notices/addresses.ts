import { BlockList, isIP, isIPv6 } from 'node:net'

/**
 * Where webhooks may lead. `public`: https to public addresses alone, so that a mistyped or malicious address cannot reach what only the
 * receiver's own network does. `any`: also private ones, and http on the machine itself (the embedded cloud, tests).
 */
export type Addresses = 'public' | 'any'

const privateRanges = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  privateRanges.addSubnet(network, prefix, 'ipv4')

/** Of IPv6 only 2000::/3 is given out; within it lie tunnels to IPv4 and addresses for examples. */
const globalRange = new BlockList()
globalRange.addSubnet('2000::', 3, 'ipv6')
const reservedRanges = new BlockList()
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  reservedRanges.addSubnet(network, prefix, 'ipv6')

/** @param address IPv4 or IPv6, without brackets */
export function isAllowed(address: string, addresses: Addresses): boolean {
  if (addresses === 'any') return true
  return isIPv6(address)
    ? globalRange.check(address, 'ipv6') && !reservedRanges.check(address, 'ipv6')
    : !privateRanges.check(address, 'ipv4')
}

/** Why a webhook may not have this address; undefined when it may. Names are looked up only when they are called. */
export function refusedUrl(text: string, addresses: Addresses): string | undefined {
  if (!URL.canParse(text)) return 'it is not a web address'
  const url = new URL(text)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && addresses === 'any' && isLoopback(host)))
    return 'it must begin with https://'
  if (url.username !== '' || url.password !== '') return 'it must not carry a user name or a password'
  if (isIP(host) !== 0 && !isAllowed(host, addresses)) return `${host} is not a public address`
  return undefined
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}
