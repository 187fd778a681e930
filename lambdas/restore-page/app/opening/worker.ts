import { parseIdentity } from '../../../../shared/restore/identity.ts'
import { asOpeningError } from './as-opening-error.ts'
import { streamOf } from './chunks.ts'
import { askFor, type Granted, type Means } from './granted.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import type { Choice, Progress } from './opened.ts'
import { OpeningError } from './opening-error.ts'
import { sendStream, sentError } from './port.ts'
import { LinkReceiver } from './receiver.ts'
import { openRestore, type Restore } from './restore.ts'
import { sleepOnline } from './sleep-online.ts'

/* The worker behind `Restoration`: the one place that ever holds the identity, in memory and no longer than it lives. */

const { signal } = new AbortController()
const progressInterval = 200

/** By the key it was asked for with: opened again, with another identity, it is not asked for again, and each pack is signed once. */
const granted = new Map<string, Granted>()
let restore: Restore | undefined

type ToOpen = Extract<ToWorker, { kind: 'open' }>

const tell = (message: FromWorker) => postMessage(message)

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  switch (data.kind) {
    case 'open':
      return void open(data)
    case 'content':
      return void send(data)
  }
})

async function open({ call, secret, passcode, choice, idempotencyKey, identity: text }: ToOpen) {
  try {
    // Before the receiver is asked: a text that is no identity consumes no use of the link.
    const identity = await parseIdentity(text)
    const receiver = new LinkReceiver({ origin: location.origin, secret, passcode, signal, sleep: sleepOnline })
    const means = { receiver, signal, sleep: sleepOnline, random: Math.random }
    const foldCase = /windows|mac os/i.test(navigator.userAgent)
    restore = await openRestore(await grantedFor(choice, idempotencyKey, means), choice, identity, foldCase)
    tell({ kind: 'opened', call, opened: restore.opened })
  } catch (error) {
    tell({ kind: 'failed', call, error: sentError(asOpeningError(error)) })
  }
}

async function send({ artefact, port }: Extract<ToWorker, { kind: 'content' }>) {
  const chunks = restore?.content(artefact, throttled())
  const stream = chunks ? streamOf(chunks) : failed(new OpeningError('refused', 'Nothing was opened'))
  // Who reads is told of an error; there is nobody else here.
  await sendStream(stream, port, asOpeningError).catch(() => {})
}

async function grantedFor(choice: Choice, idempotencyKey: string, means: Means): Promise<Granted> {
  const known = granted.get(idempotencyKey)
  if (known && !known.isOver(new Date())) return known
  const restore = await askFor(choice, idempotencyKey, means)
  granted.set(idempotencyKey, restore)
  tell({ kind: 'granted', idempotencyKey })
  return restore
}

function throttled(): (progress: Progress) => void {
  let last = 0
  return progress => {
    const now = performance.now()
    if (now - last < progressInterval) return
    last = now
    tell({ kind: 'progress', progress })
  }
}

function failed(error: OpeningError): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: controller => controller.error(error) })
}
