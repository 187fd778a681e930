import { type OpeningCode, OpeningError } from './opening-error.ts'

/*
 * A stream of bytes between two of page, worker and service worker. Streams can be transferred only in some browsers, and an error loses its code on the way:
 * one chunk is sent for each that is asked for.
 *
 *   reader              port               sender
 *     │ ─────────── pull ───────────────────► │ reads its stream
 *     │ ◄────────── chunk, end or error ───── │
 *     │ ─────────── cancel ─────────────────► │ at any time
 */
type Asked = 'pull' | 'cancel'
type Answer = { kind: 'chunk'; chunk: Uint8Array<ArrayBuffer> } | { kind: 'end' } | { kind: 'error'; error: SentError }

/** An error without its class, which does not travel. */
export type SentError = { code: OpeningCode; what: string; why: string | undefined }

export const sentError = ({ code, message, why }: OpeningError): SentError => ({ code, what: message, why })
export const receivedError = ({ code, what, why }: SentError) => new OpeningError(code, what, why)

/** Chunks that are on the way before somebody reads them. */
const ahead = 8

/**
 * Sends `stream` to whoever receives at the other end of `port`.
 * @param asError what the other end is told of an error of `stream`
 * @param onStart called when the other end begins to read
 * @returns whether all of it was taken; `false` where the other end wanted no more
 * @throws what `stream` fails with
 */
export function sendStream(
  stream: ReadableStream<Uint8Array>,
  port: MessagePort,
  asError: (error: unknown) => OpeningError,
  onStart: () => void = () => {},
): Promise<boolean> {
  const reader = stream.getReader()
  const post = (answer: Answer, transfer: Transferable[] = []) => port.postMessage(answer, transfer)
  return new Promise((resolve, reject) => {
    let over = false
    const stop = () => {
      if (over) return
      over = true
      reader.cancel().then(() => resolve(false), reject)
    }
    const next = async () => {
      onStart()
      try {
        const { done, value } = await reader.read()
        if (over) return
        if (!done) {
          const chunk = owned(value)
          return post({ kind: 'chunk', chunk }, [chunk.buffer])
        }
        post({ kind: 'end' })
        resolve(true)
      } catch (error) {
        post({ kind: 'error', error: sentError(asError(error)) })
        reject(error)
      }
      over = true
      port.close()
    }
    port.addEventListener('message', ({ data }: MessageEvent<Asked>) => {
      if (data === 'pull') return void next()
      stop()
      port.close()
    })
    port.addEventListener('close', stop)
    port.start()
  })
}

/**
 * What `sendStream` sends into the other end of `port`. It fails with the OpeningError of the other end, or where that is gone.
 * @param signal fails the stream with its reason
 */
export function receiveStream(port: MessagePort, signal?: AbortSignal): ReadableStream<Uint8Array> {
  const ask = (asked: Asked) => port.postMessage(asked)
  let answered = () => {}
  return new ReadableStream(
    {
      start(controller) {
        port.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
          if (data.kind === 'chunk') controller.enqueue(data.chunk)
          else {
            if (data.kind === 'end') controller.close()
            else controller.error(receivedError(data.error))
            port.close()
          }
          answered()
        })
        const fail = (error: unknown) => {
          controller.error(error)
          answered()
        }
        port.addEventListener('close', () => fail(new OpeningError('refused', 'The page that sends this was closed')))
        signal?.addEventListener('abort', () => fail(signal.reason))
        port.start()
      },
      pull() {
        ask('pull')
        return new Promise(resolve => {
          answered = resolve
        })
      },
      cancel() {
        ask('cancel')
        port.close()
      },
    },
    { highWaterMark: ahead },
  )
}

/** The chunk with its memory to itself, so that the memory can be handed over. */
function owned(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = chunk.byteLength === chunk.buffer.byteLength && chunk.buffer instanceof ArrayBuffer
  return whole ? (chunk as Uint8Array<ArrayBuffer>) : new Uint8Array(chunk)
}
