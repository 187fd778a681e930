import type { FromWorker, ToWorker } from './messages.ts'
import type { Choice, Opened, Progress } from './opened.ts'
import { OpeningError } from './opening-error.ts'
import { receivedError, receiveStream } from './port.ts'

export type { Choice, Opened, Progress } from './opened.ts'
export { OpeningError } from './opening-error.ts'

/** The page's side of the worker that holds the identity; the identity never leaves the two. */
export class Restoration {
  /** How far content streams are, some times a second each. */
  onProgress: ((progress: Progress) => void) | undefined
  /** A use of the link is counted for this key, now or earlier. */
  onGranted: ((idempotencyKey: string) => void) | undefined
  readonly #worker: Worker
  readonly #link: { secret: string; passcode: string | undefined }
  readonly #calls = new Map<number, { resolve(opened: Opened): void; reject(error: OpeningError): void }>()
  readonly #closed = new AbortController()
  #lastCall = 0

  /**
   * @param worker address of the worker's script
   * @param secret of the link
   * @param passcode where it has one
   */
  constructor({ worker, secret, passcode }: { worker: string; secret: string; passcode?: string }) {
    this.#link = { secret, passcode }
    this.#worker = new Worker(worker, { type: 'module' })
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.#take(data))
    this.#worker.addEventListener('error', ({ message }) => void this.#stop(worker, message))
  }

  /** Nothing can be opened with it any more. */
  get isOver(): boolean {
    return this.#closed.signal.aborted
  }

  /**
   * Asks for the restore manifest (which consumes a use of the link; asked again with the same key it does not), proves every signed manifest with the
   * kit's customer key, opens every index with the identity.
   * @param idempotencyKey the same for the same choice, trust aside
   * @param identity text of a recovery kit or of an identity file of age
   * @throws OpeningError
   */
  open(choice: Choice, idempotencyKey: string, identity: string): Promise<Opened> {
    const call = ++this.#lastCall
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject })
      this.#ask({ kind: 'open', call, ...this.#link, choice, idempotencyKey, identity })
    })
  }

  /**
   * Plain content of one artefact of what was opened last, fetched by ranges (resumed where a connection breaks, URLs signed anew), opened and checked. It
   * fails with an OpeningError if anything is not what was backed up, and only a stream that ended is proved.
   * @param artefact `id` in `Opened.artefacts`
   */
  content(artefact: number): ReadableStream<Uint8Array> {
    const { port1, port2 } = new MessageChannel()
    this.#ask({ kind: 'content', artefact, port: port2 }, [port2])
    return receiveStream(port1, this.#closed.signal)
  }

  /** Forgets the identity. Streams that have not ended fail. */
  close(): void {
    this.#worker.terminate()
    this.#fail(new OpeningError('refused', 'The restore was closed'))
  }

  #ask(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer)
  }

  #take(message: FromWorker): void {
    switch (message.kind) {
      case 'progress':
        this.onProgress?.(message.progress)
        break
      case 'granted':
        this.onGranted?.(message.idempotencyKey)
        break
      case 'opened':
        this.#settle(message.call)?.resolve(message.opened)
        break
      case 'failed':
        this.#settle(message.call)?.reject(receivedError(message.error))
        break
    }
  }

  #settle(call: number) {
    const found = this.#calls.get(call)
    this.#calls.delete(call)
    return found
  }

  /** The script did not load, or failed. Its name changes with every version of the page: the one before may be there no longer. */
  async #stop(script: string, why: string | undefined): Promise<void> {
    const isGone = await fetch(script, { cache: 'no-store', credentials: 'omit' }).then(
      ({ status, body }) => {
        void body?.cancel()
        return status === 404
      },
      () => false,
    )
    this.#fail(
      isGone
        ? new OpeningError('outdated', 'The receiver has another version of this page')
        : new OpeningError('network', 'The part of this page that opens backups does not run', why),
    )
  }

  #fail(error: OpeningError): void {
    for (const { reject } of this.#calls.values()) reject(error)
    this.#calls.clear()
    this.#closed.abort(error)
  }
}
