import { asPlainError, OpeningError } from '../opening/opening-error.ts'
import { sendStream } from '../opening/port.ts'
import type { ToServiceWorker } from './messages.ts'

const script = '/r/saving.js'
const scope = '/r/'
const pingInterval = 10_000
/** What a small file is read in, and what it takes until the browser has made a download of it. Without its frame it would never do so. */
const afterwards = 30_000

/**
 * Hands `content` to the browser as a download, chunk by chunk as it writes them. An error of `content` makes the download fail.
 * @param size in bytes
 * @returns whether the browser took all of it, and did not cancel
 * @throws what `content` fails with, or what keeps the browser from running a service worker
 */
export async function download(name: string, size: number, content: ReadableStream<Uint8Array>): Promise<boolean> {
  const worker = await activeWorker().catch(async error => {
    await content.cancel()
    throw error
  })
  const tell = (message: ToServiceWorker, transfer: Transferable[] = []) => worker.postMessage(message, transfer)
  const id = crypto.randomUUID()
  const { port1, port2 } = new MessageChannel()
  const frame = document.createElement('iframe')
  frame.hidden = true
  const ping = setInterval(() => tell({ kind: 'ping' }), pingInterval)
  try {
    // It begins to read as soon as it knows of the download: only then it may be navigated to.
    const navigate = () => {
      if (frame.isConnected) return
      frame.src = `/r/save/${id}/${encodeURIComponent(name)}`
      document.body.append(frame)
    }
    const sent = sendStream(content, port1, asPlainError, navigate)
    tell({ kind: 'save', id, name, size, port: port2 }, [port2])
    return await sent
  } finally {
    clearInterval(ping)
    setTimeout(() => frame.remove(), afterwards)
  }
}

async function activeWorker(): Promise<ServiceWorker> {
  if (!('serviceWorker' in navigator))
    throw new OpeningError(
      'refused',
      'This browser cannot write a download while it comes',
      'it has no service workers',
    )
  const registration = await navigator.serviceWorker.register(script, { scope })
  if (registration.active) return registration.active
  const coming = registration.installing ?? registration.waiting
  if (!coming) throw new Error('The service worker is gone')
  return new Promise((resolve, reject) => {
    coming.addEventListener('statechange', () => {
      if (coming.state === 'activated') resolve(coming)
      if (coming.state === 'redundant') reject(new Error('The service worker did not start'))
    })
  })
}
