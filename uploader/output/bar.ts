import type { Writable } from 'node:stream'
import { SingleBar } from 'cli-progress'
import { formatBytes, formatSeconds } from './format.ts'

/**
 * The progress bar: bytes, rate and time left. The rate is that of the last minute or so, because a backup's phases differ; it
 * is drawn at most five times a second.
 */
export class ProgressBar {
  readonly #bar: SingleBar
  readonly #now: () => number
  #active = false
  #label = ''
  #last: { at: number; done: number } | undefined
  #rate = 0

  constructor(stream: Writable, now: () => number) {
    this.#now = now
    this.#bar = new SingleBar({
      stream: stream as NodeJS.WritableStream,
      fps: 5,
      clearOnComplete: true,
      hideCursor: true,
      barsize: 28,
      linewrap: false,
      barCompleteChar: '#',
      barIncompleteChar: '-',
      format: '   {label} [{bar}] {done} of {of}  {rate}/s  {left}',
    })
  }

  update({ label, done, total }: { label: string; done: number; total: number | null }): void {
    this.#measure(label, done)
    const estimate = Math.max(total ?? done, done, 1)
    const left = this.#rate > 0 && total !== null ? `${formatSeconds((estimate - done) / this.#rate)} left` : ''
    const payload = {
      label: label.padEnd(10),
      done: formatBytes(done),
      of: total === null ? 'unknown' : formatBytes(estimate),
      rate: formatBytes(Math.round(this.#rate)),
      left,
    }
    if (this.#active) {
      this.#bar.setTotal(estimate)
      this.#bar.update(done, payload)
    } else {
      this.#bar.start(estimate, done, payload)
      this.#active = true
    }
  }

  /** Takes the bar off the screen, so that a line can be written; the next update draws it again. */
  clear(): void {
    if (this.#active) this.#bar.stop()
    this.#active = false
  }

  #measure(label: string, done: number): void {
    const at = this.#now()
    if (this.#last === undefined || label !== this.#label) {
      this.#label = label
      this.#last = { at, done }
      this.#rate = 0
      return
    }
    const seconds = (at - this.#last.at) / 1000
    if (seconds < 0.5) return
    const current = Math.max(0, done - this.#last.done) / seconds
    const weight = Math.min(1, seconds / 10)
    this.#rate = this.#rate === 0 ? current : this.#rate + (current - this.#rate) * weight
    this.#last = { at, done }
  }
}
