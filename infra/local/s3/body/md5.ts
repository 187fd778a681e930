import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'

/** The MD5 of one body, which is its ETag. */
export interface Md5 {
  /** Takes the chunks over: they must not be used any more. Resolves when the next may come. */
  add(chunks: Buffer[]): Promise<void>
  digest(): Promise<Buffer>
  /** Always called at the end; frees what `digest` did not. */
  close(): void
}

/** What the thread is told; every message but `close` is answered. */
export type Md5Request =
  | { kind: 'add'; body: number; chunks: ArrayBuffer[] }
  | { kind: 'digest'; body: number }
  | { kind: 'close'; body: number }
export type Md5Reply = { body: number; digest?: Uint8Array }

/**
 * MD5 costs as much as receiving, SHA-256 and writing together: a large body's goes to a second thread, so that one connection's
 * hash does not hold up the others. A small one is not worth the way there.
 */
export function md5Of(length: number): Md5 {
  return length < 1024 * 1024 ? here() : onThread()
}

function here(): Md5 {
  const hash = createHash('md5')
  return {
    async add(chunks) {
      for (const chunk of chunks) hash.update(chunk)
    },
    digest: async () => hash.digest(),
    close() {},
  }
}

const waiting = new Map<number, PromiseWithResolvers<Md5Reply>>()
let thread: Worker | undefined
let bodies = 0

function onThread(): Md5 {
  const body = bodies++
  return {
    async add(chunks) {
      const buffers = chunks.map(wholeBuffer)
      await ask({ kind: 'add', body, chunks: buffers }, buffers)
    },
    digest: async () => Buffer.from((await ask({ kind: 'digest', body })).digest!),
    close: () => thread?.postMessage({ kind: 'close', body } satisfies Md5Request),
  }
}

/** Only a whole buffer can be handed over; a slice of one is copied. */
function wholeBuffer(chunk: Buffer): ArrayBuffer {
  const { buffer, byteLength } = chunk
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? buffer : new Uint8Array(chunk).buffer
}

function ask(request: Md5Request, handedOver: ArrayBuffer[] = []): Promise<Md5Reply> {
  const reply = Promise.withResolvers<Md5Reply>()
  waiting.set(request.body, reply)
  thread ??= startThread()
  thread.postMessage(request, handedOver)
  return reply.promise
}

/** One for the process, started when first needed; it keeps nobody from exiting. */
function startThread(): Worker {
  const worker = new Worker(new URL('./md5-thread.ts', import.meta.url))
  worker.on('message', (reply: Md5Reply) => {
    waiting.get(reply.body)?.resolve(reply)
    waiting.delete(reply.body)
  })
  worker.on('error', error => {
    thread = undefined
    for (const reply of waiting.values()) reply.reject(error)
    waiting.clear()
  })
  // last: a listener for messages would hold the process again
  worker.unref()
  return worker
}
