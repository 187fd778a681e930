import { ReceiverResponse } from '../../shared/api/agent.ts'
import { Failure } from '../../shared/failure.ts'
import type { Network } from '../network/network.ts'
import type { HttpProxy } from '../network/proxy.ts'
import { unreachable } from '../receiver/unreachable.ts'
import { version } from '../version.ts'
import { type Check, failed, found, ok } from './check.ts'
import { lookAtPeer, type Peer } from './peer.ts'

const check = 'receiver'
const patience = 15_000
/** Seconds that a clock may be off before anybody is told. */
const tolerance = 30

export interface Asking {
  url: string
  network: Network
  /** The receiver that this host enrolled at. */
  id: string
  signal: AbortSignal
  now: () => Date
}

/** Who answers at the receiver's address, over which certificate, and how this machine's clock stands to its. */
export async function checkReceiver({ url, network, id, signal, now }: Asking): Promise<Check[]> {
  const address = new URL(`${url}/v1/receiver`)
  const connections = network.connections(1)
  const timeout = AbortSignal.timeout(patience)
  const before = now().getTime()
  let peer: Peer
  try {
    peer = await lookAtPeer(address, connections, AbortSignal.any([signal, timeout]))
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Failure) return [failed(error.code.startsWith('proxy') ? 'proxy' : 'tls', error)]
    return [failed(check, unreachable(url, timeout.aborted ? patience : undefined, error))]
  } finally {
    connections.close()
  }
  const middle = (before + now().getTime()) / 2
  const way = [...describeProxy(network.proxyTo(address)), ...checkCertificate(url, peer.certificate)]
  const about = ReceiverResponse.safeParse(jsonOf(peer.text))
  if (!about.success)
    return [
      ...way,
      failed(
        check,
        new Failure('receiver-unclear', `${url} does not answer as a FailSafe receiver`, {
          why: `it answered ${peer.status}`,
          fix: 'Check the address, and whether a proxy answers in its place',
        }),
      ),
    ]
  if (about.data.receiver !== id)
    return [
      ...way,
      failed(
        check,
        new Failure('receiver-differs', `${url} is not the receiver that this host enrolled at`, {
          why: `it is ${about.data.receiver}, and this host enrolled at ${id}`,
          fix: 'Correct receiver in failsafe.yaml, or leave it out',
        }),
      ),
    ]
  const answers = ok(check, `${about.data.name} answers at ${url}; this is failsafe ${version}`)
  return [...way, answers, checkClock((middle - Date.parse(about.data.time)) / 1000)]
}

function describeProxy(proxy: HttpProxy | undefined): Check[] {
  return proxy ? [ok('proxy', `The proxy ${proxy.name} lets this host through`)] : []
}

function checkCertificate(url: string, certificate: Peer['certificate']): Check[] {
  if (!certificate) return []
  const { issuer, root } = certificate
  const authorities = issuer === root ? issuer : `${issuer}, under ${root}`
  if (certificate.public) return [ok('tls', `The certificate was issued by ${authorities}`)]
  return [
    found('tls', {
      code: 'tls-private-authority',
      grave: false,
      what: `The certificate of ${url} was issued by ${authorities}, which is no public authority`,
      why: 'a device between this machine and the receiver may read and change what is sent. Backups are sealed; who asks for what is not',
      fix: 'If the receiver has such a certificate, or such a device is meant to be there, nothing is to be done',
    }),
  ]
}

function checkClock(ahead: number): Check {
  const seconds = Math.abs(ahead)
  const text = `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  const by = ahead < 0 ? 'behind' : 'ahead of'
  if (seconds <= tolerance) return ok('clock', `This machine's clock is ${text} ${by} the receiver's`)
  return found('clock', {
    code: 'clock-skew',
    grave: false,
    what: `This machine's clock is ${text} ${by} the receiver's`,
    why: 'schedules start at the wrong time, and moments to restore to are chosen by it',
    fix: 'Have the clock set by a time server (timedatectl set-ntp true; w32tm /resync on Windows)',
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
