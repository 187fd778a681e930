import { discard } from '../opening/discard.ts'
import { receiveStream } from '../opening/port.ts'
import type { ToServiceWorker } from './messages.ts'

/* Turns a stream of the page into a download: only an answer to a navigation can be written to disk while it comes, in browsers that cannot write files. */

/** Of TypeScript's library of service workers, which cannot stand beside that of pages. */
interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request
  respondWith(response: Response): void
}
interface ServiceWorkerScope {
  readonly clients: { claim(): Promise<void> }
  skipWaiting(): Promise<void>
  addEventListener(type: 'install' | 'activate', listener: (event: ExtendableEvent) => void): void
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void
  addEventListener(type: 'message', listener: (event: MessageEvent<ToServiceWorker>) => void): void
}
const scope = globalThis as unknown as ServiceWorkerScope

const announced = new Map<string, { name: string; size: number; content: ReadableStream<Uint8Array> }>()

scope.addEventListener('install', event => event.waitUntil(scope.skipWaiting()))
scope.addEventListener('activate', event => event.waitUntil(scope.clients.claim()))

scope.addEventListener('message', ({ data }) => {
  if (data.kind !== 'save') return
  const { id, name, size, port } = data
  announced.set(id, { name, size, content: oneByOne(receiveStream(port)) })
})

scope.addEventListener('fetch', event => {
  const [, id] = /^\/r\/save\/([^/]+)\//.exec(new URL(event.request.url).pathname) ?? []
  const found = id === undefined ? undefined : announced.get(id)
  if (!found) return
  announced.delete(id!)
  event.respondWith(download(found.name, found.size, found.content))
})

/** An error of `content` fails the download; the size is what the browser compares it with. */
function download(name: string, size: number, content: ReadableStream<Uint8Array>): Response {
  return new Response(content as ReadableStream<Uint8Array<ArrayBuffer>>, {
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(size),
      'content-disposition': `attachment; filename*=UTF-8''${encoded(name)}`,
      'content-security-policy': "default-src 'none'",
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  })
}

/** RFC 8187: five characters fewer than `encodeURIComponent` leaves as they are. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(/['()*!]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Discards each chunk when the browser asks for the next one, which it does when it is done with the one before. */
function oneByOne(content: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = content.getReader()
  let given: Uint8Array | undefined
  return new ReadableStream(
    {
      async pull(controller) {
        if (given) discard(given)
        const { done, value } = await reader.read()
        given = value
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: reason => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
