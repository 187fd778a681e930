import type { Choice } from '../receiver/receiver.ts'

/** What a person chose. */
export interface Chosen {
  /** Moment in epoch milliseconds; null for the newest. */
  time: number | null
  /** Null for all. */
  units: string[] | null
  /** Of the window of time that is shown, epoch milliseconds; null for now. */
  end: number | null
}

/** A restore that was asked for: with the same key it is asked for again and counts once. */
interface Asked {
  key: string
  /** The receiver has granted it, and so counted it. */
  granted: boolean
}

interface State {
  chosen: Chosen
  /** By what was asked for. */
  asked: Record<string, Asked>
}

/** A point that is dragged rests this long (milliseconds) before it is written down; browsers refuse to do it a hundred times a second. */
const rest = 250

/**
 * What this tab still knows when the page is loaded again. It lies in the state of the page's own entry in the history of the tab, so that another link has
 * another, and is gone with the tab. Neither the secret of the link nor the recovery kit is in it, and nothing that fetches or opens anything without them.
 */
export class Kept {
  readonly #history: Pick<History, 'state' | 'replaceState'>
  readonly #state: State
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(history: Pick<History, 'state' | 'replaceState'>) {
    this.#history = history
    this.#state = readState(history.state)
  }

  get chosen(): Chosen {
    return this.#state.chosen
  }

  choose(chosen: Chosen): void {
    this.#state.chosen = chosen
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#write(), rest)
  }

  /** The same for the same choice. What was chosen last is written down with it. */
  keyOf(choice: Choice): string {
    const name = nameOf(choice)
    const asked = this.#state.asked[name] ?? { key: crypto.randomUUID(), granted: false }
    this.#state.asked[name] = asked
    this.#write()
    return asked.key
  }

  grant(key: string): void {
    for (const asked of Object.values(this.#state.asked)) if (asked.key === key) asked.granted = true
    this.#write()
  }

  /** Whether the receiver has counted this choice already. */
  isGranted(choice: Choice): boolean {
    return this.#state.asked[nameOf(choice)]?.granted === true
  }

  /** Whether a restore was asked for in this tab: the link may be used up by it. */
  get hasAsked(): boolean {
    return Object.keys(this.#state.asked).length > 0
  }

  #write(): void {
    clearTimeout(this.#timer)
    try {
      this.#history.replaceState(this.#state, '')
    } catch {
      // too much at once for this browser: the page goes on, and knows less after it is loaded again
    }
  }
}

/** A link has one source. */
function nameOf({ at, snapshot, units }: Choice): string {
  return JSON.stringify([at ?? null, snapshot ?? null, units ?? null])
}

/** An entry that this page has not written yet has none, or that of an earlier version of it. */
function readState(state: unknown): State {
  const { chosen, asked } = (state ?? {}) as Partial<State>
  return {
    chosen: { time: chosen?.time ?? null, units: chosen?.units ?? null, end: chosen?.end ?? null },
    asked: { ...asked },
  }
}
