import { Rate } from '../output/rate.ts'
import type { Reporter } from '../output/reporter.ts'
import type { RunStatus } from './requests.ts'

/** A reporter that also knows where the run stands, for whoever asks from outside. */
export class ObservedReporter implements Reporter {
  readonly #inner: Reporter
  readonly #rate: Rate
  #kind: string | null = null
  #steps = 0
  #step: RunStatus['step'] = null
  #progress: { label: string; done: number; total: number | null } | null = null

  /** @param now milliseconds of any steady clock */
  constructor(inner: Reporter, now: () => number = () => performance.now()) {
    this.#inner = inner
    this.#rate = new Rate(now)
  }

  get status(): Pick<RunStatus, 'kind' | 'step' | 'progress'> {
    const progress = this.#progress && { ...this.#progress, bytesPerSecond: Math.round(this.#rate.perSecond) }
    return { kind: this.#kind, step: this.#step, progress }
  }

  plan(plan: Parameters<Reporter['plan']>[0]): void {
    this.#kind = plan.kind
    this.#steps = plan.steps.length
    this.#inner.plan(plan)
  }

  step(number: number, text: string): void {
    this.#step = { number, of: this.#steps, text }
    this.#inner.step(number, text)
  }

  progress(progress: Parameters<Reporter['progress']>[0]): void {
    this.#progress = progress
    this.#rate.measure(progress.label, progress.done)
    this.#inner.progress(progress)
  }

  warning(code: string, message: string): void {
    this.#inner.warning(code, message)
  }

  summary(summary: Parameters<Reporter['summary']>[0]): void {
    this.#inner.summary(summary)
  }

  error(failure: Parameters<Reporter['error']>[0]): void {
    this.#inner.error(failure)
  }
}
