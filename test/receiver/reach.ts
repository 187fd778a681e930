import { SignatureV4 } from '@smithy/signature-v4'
import { Sha256 } from '../../admin/sha256.ts'
import type { TestCloud } from '../support/cloud.ts'
import { answerOf, ok, type Reachable, requestOf } from './support.ts'

/** The receiver behind its gateway: over HTTP, with the roles of the stack. @param now the cloud's clock, where a test moves it */
export async function reach({ url, admin, region }: TestCloud, now = () => new Date()): Promise<Reachable> {
  const signer = new SignatureV4({ service: 'execute-api', region, credentials: admin, sha256: Sha256 })
  const send = async (request: Request) => {
    const { pathname, search } = new URL(request.url)
    const body = Buffer.from(await request.arrayBuffer())
    const { method, headers } = request
    return answerOf(await fetch(url + pathname + search, { method, headers, body: body.length > 0 ? body : null }))
  }
  const { receiver: id } = ok(await send(requestOf('GET', '/v1/receiver')))
  return {
    id,
    get clock() {
      return { now: now() }
    },
    send,
    async admin(method, target, body) {
      const { host, hostname, protocol, pathname: path, searchParams } = new URL(url + target)
      const text = body === undefined ? undefined : JSON.stringify(body)
      const headers = { host, ...(text === undefined ? {} : { 'content-type': 'application/json' }) }
      const query = Object.fromEntries(searchParams)
      const request = { method, protocol, hostname, path, query, headers, body: text }
      const signed = await signer.sign(request, { signingDate: now() })
      const { host: _host, ...rest } = signed.headers
      return answerOf(await fetch(url + target, { method, headers: rest, body: text ?? null }))
    },
  }
}
