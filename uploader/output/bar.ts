import type { Writable } from 'node:stream'
import { SingleBar } from 'cli-progress'
import { formatBytes, formatSeconds } from './format.ts'
import { Rate } from './rate.ts'

/**
 * The progress bar: bytes, rate and time left, drawn at most five times a second.
 */
export class ProgressBar {
  readonly #bar: SingleBar
  readonly #rate: Rate
  #active = false

  constructor(stream: Writable, now: () => number) {
    this.#rate = new Rate(now)
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
    this.#rate.measure(label, done)
    const { perSecond } = this.#rate
    const estimate = Math.max(total ?? done, done, 1)
    const seconds = this.#rate.secondsFor(estimate - done)
    const left = Number.isFinite(seconds) && total !== null ? `${formatSeconds(seconds)} left` : ''
    const payload = {
      label: label.padEnd(10),
      done: formatBytes(done),
      of: total === null ? 'unknown' : formatBytes(estimate),
      rate: formatBytes(Math.round(perSecond)),
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
}
