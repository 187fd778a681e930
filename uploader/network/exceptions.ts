import { BlockList, isIP, isIPv6 } from 'node:net'

/**
 * Which addresses are reached without the proxy. Understands what NO_PROXY holds for other programs: a name with all that is below it
 * (`example.net`, `.example.net`, `*.example.net`), `host:port`, an address, a block such as 10.0.0.0/8, and `*` for everything; and what Windows knows besides:
 * `<local>` for every name without a dot, and stars anywhere (`192.168.*`).
 */
export function exceptionsOf(entries: readonly string[]): (url: URL) => boolean {
  const blocks = new BlockList()
  const names: string[] = []
  const patterns: RegExp[] = []
  for (const entry of entries.map(text => text.trim().toLowerCase()).filter(text => text !== '')) {
    const [address, prefix] = blockOf(entry)
    if (entry === '<local>') patterns.push(/^[^.:]+$/)
    else if (/[^*].*\*|\*[^.]/.test(entry)) patterns.push(patternOf(entry))
    else if (address === undefined) names.push(entry.replace(/^\*?\./, ''))
    else blocks.addSubnet(address, prefix, isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return ({ hostname, port, protocol }) => {
    const host = unbracketed(hostname)
    if (isIP(host) !== 0 && blocks.check(host, isIPv6(host) ? 'ipv6' : 'ipv4')) return true
    const withPort = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
    if (patterns.some(pattern => pattern.test(host))) return true
    return names.some(name => name === '*' || name === host || name === withPort || host.endsWith(`.${name}`))
  }
}

function patternOf(entry: string): RegExp {
  return new RegExp(`^${entry.split('*').map(RegExp.escape).join('.*')}$`)
}

/** An address is a block of one. */
function blockOf(entry: string): [string, number] | [undefined] {
  const [, text = '', length] = /^(.*?)(?:\/(\d{1,3}))?$/.exec(entry) ?? []
  const address = unbracketed(text)
  const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address)]!
  const prefix = length === undefined ? longest : Number(length)
  return prefix >= 0 && prefix <= longest ? [address, prefix] : [undefined]
}

const unbracketed = (host: string) => host.replace(/^\[(.*)\]$/, '$1')
