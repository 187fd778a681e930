import { lookup as lookUp } from 'node:dns'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { type Addresses, isAllowed, refusedUrl } from './addresses.ts'

/** One POST to a webhook. Never throws: what went wrong is in the outcome, in words for the provider. */
export type PostWebhook = (delivery: Delivery) => Promise<Outcome>

export interface Delivery {
  url: string
  headers: Record<string, string>
  body: string
}

export type Outcome = { ok: true; status: number } | { ok: false; why: string }

const timeoutMilliseconds = 10_000
/** An answer is read so far and no further. */
const answerLimit = 64 * 1024

/**
 * Anything but a 2xx within ten seconds is a failure. Redirects are not followed. A name is looked up once, and what it leads to is
 * checked and then connected to: it cannot lead somewhere else in between.
 * @param addresses `public`: nothing but https to public addresses
 */
export function postWebhook(addresses: Addresses): PostWebhook {
  return ({ url: text, headers, body }) => {
    const refused = refusedUrl(text, addresses)
    if (refused !== undefined) return Promise.resolve({ ok: false, why: refused })
    const url = new URL(text)
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const signal = AbortSignal.timeout(timeoutMilliseconds)
    return new Promise(resolve => {
      const fail = (error: Error) =>
        resolve({ ok: false, why: signal.aborted ? 'it did not answer within 10 seconds' : reasonOf(error) })
      const request = send(
        url,
        {
          method: 'POST',
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          lookup: checkedLookup(addresses),
          signal,
          agent: false,
        },
        response => {
          const status = response.statusCode ?? 0
          const outcome: Outcome =
            status >= 200 && status < 300 ? { ok: true, status } : { ok: false, why: `it answered ${status}` }
          let read = 0
          response.on('data', (chunk: Buffer) => {
            read += chunk.length
            if (read <= answerLimit) return
            resolve(outcome)
            response.destroy()
          })
          response.on('end', () => resolve(outcome))
          response.on('error', fail)
        },
      )
      request.on('error', fail)
      request.end(body)
    })
  }
}

function checkedLookup(addresses: Addresses): LookupFunction {
  return (hostname, options, callback) =>
    lookUp(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, [])
      const wrong = found.find(({ address }) => !isAllowed(address, addresses))
      if (wrong) return callback(new Error(`${hostname} leads to ${wrong.address}, which is not a public address`), [])
      if (options.all) return callback(null, found)
      const [first] = found
      if (!first) return callback(new Error(`${hostname} has no address`), [])
      callback(null, first.address, isIP(first.address))
    })
}

function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  return code === undefined || error.message.includes(code) ? error.message : `${code}: ${error.message}`
}
