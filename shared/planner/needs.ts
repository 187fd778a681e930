import type { CommittedSnapshot, UnitEntry } from '../snapshot.ts'
import { type Span, Spans } from './spans.ts'

/** A snapshot that is kept for its own sake. */
export interface Root {
  /** Milliseconds of the epoch: as long as this holds, so must what it needs. */
  until: number
  /** Whether every moment within it and after it is kept too, and not its own state alone. */
  rolls: boolean
}

/** Who needs a snapshot for longest, and until when. */
export interface Need {
  until: number
  by: string
}

/*
 * What a log K needs, for each of its units. The receiver's order decides, so that nothing received after K can take anything away:
 *
 *   received     F1      D       L1   L2   F2       L3   K      S  the newest full or differential before K (here F2), with its base
 *                                            └───────▶──▶           and every log received since, whatever positions it claims
 *                └─────▶─▶────────▶────▶──────────▶──▶           if K reaches back before S was complete, and moments within K count: also
 *                                                                    the newest one before that does not, and every log on the way from there
 *
 * Positions and times, which the host claims, only ever add. So do marks of bad snapshots: a marked one is needed like any other, but does not end the
 * way back.
 */

export interface Needs {
  /** What others need, with the one that needs it for longest. */
  needed: Map<string, Need>
  /** Where the newest states of what has come of age lie: the last full or differential, and the last log after it. */
  newest: Set<string>
}

/**
 * What the roots need to be restored, unit by unit, in time that grows with the entries and not with their square.
 * @param snapshots of one source, in the receiver's order
 * @param aged how many of them, from the first, have come of age: the units of these that keep their newest state, however old that is. What is
 *   received later takes its place when it has come of age itself, and not before: a fake that revives a source that was silent for years is young
 */
export function needsOf(
  snapshots: CommittedSnapshot[],
  roots: ReadonlyMap<string, Root>,
  aged: { count: number; units: ReadonlySet<string> },
): Needs {
  const needs: Needs = { needed: new Map(), newest: new Set() }
  for (const [unit, items] of itemsOf(snapshots, roots, aged.count)) {
    const found = new UnitNeeds(items, needs)
    if (aged.units.has(unit)) found.needNewest()
    found.collect()
  }
  return needs
}

interface Item {
  snapshot: string
  bad: boolean
  entry: UnitEntry
  began: number
  ended: number
  root: Root | undefined
  aged: boolean
}

interface Start {
  item: Item
  /** Of a differential. */
  base: Item | undefined
  rollsFrom: { stream: string; at: string }
  /** Neither it nor its base was found bad. */
  sound: boolean
  /** For whose sake logs from here on are needed. */
  reach: Need | undefined
  /** For whose sake every start before this one is needed. */
  allBefore: Need | undefined
  /** Logs received after it and before the next start. */
  logs: Item[]
}

function itemsOf(
  snapshots: CommittedSnapshot[],
  roots: ReadonlyMap<string, Root>,
  agedCount: number,
): Map<string, Item[]> {
  const units = new Map<string, Item[]>()
  for (const [n, { snapshot, bad = false, units: entries }] of snapshots.entries())
    for (const entry of entries) {
      const { from, to } = entry.covers
      const [began, ended] = [Date.parse(from), Date.parse(to)]
      const item = { snapshot, bad, entry, began, ended, root: roots.get(snapshot), aged: n < agedCount }
      const items = units.get(entry.unit)
      if (items) items.push(item)
      else units.set(entry.unit, [item])
    }
  return units
}

/**
 * A log looks so many starts back that do not end its way. A host can make them as many as it likes, and each of its logs would look at all of them:
 * behind so many all are needed.
 */
const furthestBack = 250

class UnitNeeds {
  readonly #needs: Needs
  readonly #starts: Start[] = []
  /** By the stream that they roll from, in the receiver's order. */
  readonly #startsIn = new Map<string, Start[]>()
  readonly #streams = new Map<string, { spans: Spans; logs: Item[] }>()

  constructor(items: Item[], needs: Needs) {
    this.#needs = needs
    const fulls = new Map<string, Item>()
    for (const item of items)
      switch (item.entry.kind) {
        case 'full':
          fulls.set(item.snapshot, item)
          this.#addStart(item, undefined)
          break
        case 'differential': {
          const base = fulls.get(item.entry.base ?? '')
          if (base && item.root) this.#mark(base, { until: item.root.until, by: item.snapshot })
          if (base) this.#addStart(item, base)
          break
        }
        case 'log':
          this.#addLog(item)
      }
  }

  /** A source, or a unit, that is not backed up any more keeps its last state, and the way there. */
  needNewest(): void {
    const starts = this.#starts.filter(({ item }) => item.aged).reverse()
    if (!starts[0]) return
    const logs = starts[0].logs.filter(({ aged }) => aged)
    const end = logs.at(-1) ?? starts[0].item
    const need = { until: end.root?.until ?? 0, by: end.snapshot }
    this.#needs.newest.add(end.snapshot)
    for (const log of logs) this.#mark(log, need)
    for (const start of starts) {
      this.#needs.newest.add(start.item.snapshot)
      this.#needStart(start, need)
      this.#reach(start, need)
      if (start.sound) return
    }
  }

  collect(): void {
    for (const starts of this.#startsIn.values()) this.#needAllBefore(starts)
    for (const start of this.#starts) this.#needReceivedSince(start)
    for (const { spans, logs } of this.#streams.values()) this.#needPositions(spans, logs)
  }

  #addStart(item: Item, base: Item | undefined): void {
    const { kind, from, to } = item.entry
    const rollsFrom = kind === 'full' ? (from ?? to) : to
    const sound = !item.bad && base?.bad !== true
    const start: Start = { item, base, rollsFrom, sound, reach: undefined, allBefore: undefined, logs: [] }
    this.#starts.push(start)
    const others = this.#startsIn.get(rollsFrom.stream)
    if (others) others.push(start)
    else this.#startsIn.set(rollsFrom.stream, [start])
    if (item.root?.rolls) this.#reach(start, { until: item.root.until, by: item.snapshot })
  }

  #addLog(item: Item): void {
    const { from, to } = item.entry
    this.#starts.at(-1)?.logs.push(item)
    if (from && from.stream === to.stream) {
      const known = this.#streams.get(from.stream)
      const stream = known ?? { spans: new Spans(), logs: [] }
      if (!known) this.#streams.set(from.stream, stream)
      stream.logs.push(item)
      stream.spans.add(from.at, to.at)
    }
    if (item.root) this.#needFor(item, { until: item.root.until, by: item.snapshot })
  }

  /** With what was received up to here. */
  #needFor(log: Item, need: Need): void {
    const newest = this.#starts.at(-1)
    if (newest) this.#needStart(newest, need)
    const { from, to } = log.entry
    if (!from || from.stream !== to.stream) return
    const connected = this.#streams.get(from.stream)?.spans.at(from.at)?.from ?? from.at
    const starts = this.#startsIn.get(from.stream) ?? []
    let looked = 0
    for (let i = starts.length - 1; i >= 0; i--) {
      const start = starts[i]!
      const { at } = start.rollsFrom
      if (at < connected || at > to.at) continue
      this.#needStart(start, need)
      this.#reach(start, need)
      if (start.sound && (log.root?.rolls ? isBefore(start.item, log) : start.item.entry.to.at <= to.at)) return
      if (++looked < furthestBack) continue
      if (!start.allBefore || need.until > start.allBefore.until) start.allBefore = need
      return
    }
  }

  #needAllBefore(starts: Start[]): void {
    let need: Need | undefined
    for (const start of starts.toReversed()) {
      if (need) {
        this.#needStart(start, need)
        this.#reach(start, need)
      }
      if (start.allBefore && (!need || start.allBefore.until > need.until)) need = start.allBefore
    }
  }

  #needStart({ item, base }: Start, need: Need): void {
    this.#mark(item, need)
    if (base) this.#mark(base, need)
  }

  #reach(start: Start, need: Need): void {
    if (!start.reach || need.until > start.reach.until) start.reach = need
  }

  /** A root among the logs that were received since a start needs all before it, whatever they say of themselves. */
  #needReceivedSince({ logs }: Start): void {
    let need: Need | undefined
    for (const log of logs.toReversed()) {
      if (need) this.#mark(log, need)
      if (log.root && (!need || log.root.until > need.until)) need = { until: log.root.until, by: log.snapshot }
    }
  }

  /** Logs that lead on from a start that is needed for what follows it, also those that were received before it. */
  #needPositions(spans: Spans, logs: Item[]): void {
    const { stream } = logs[0]!.entry.to
    const leading = new Map<Span, Leading>()
    const byStart = this.#starts.filter(({ reach, rollsFrom }) => reach && rollsFrom.stream === stream)
    for (const start of byStart.sort((a, b) => byText(a.rollsFrom.at, b.rollsFrom.at))) {
      const span = spans.at(start.rollsFrom.at)
      if (!span) continue
      const others = leading.get(span)
      if (others) others.starts.push(start)
      else leading.set(span, { starts: [start], passed: 0, need: undefined })
    }
    for (const log of logs.toSorted((a, b) => byText(a.entry.to.at, b.entry.to.at))) {
      const span = spans.at(log.entry.to.at)
      const way = span && leading.get(span)
      if (!way) continue
      for (let next = way.starts[way.passed]; next && next.rollsFrom.at < log.entry.to.at; ) {
        if (next.reach && (!way.need || next.reach.until > way.need.until)) way.need = next.reach
        next = way.starts[++way.passed]
      }
      if (way.need) this.#mark(log, way.need)
    }
  }

  #mark({ snapshot }: Item, need: Need): void {
    if (snapshot === need.by) return
    const known = this.#needs.needed.get(snapshot)
    if (!known || need.until > known.until) this.#needs.needed.set(snapshot, need)
  }
}

/** The starts within one span, as far as the logs that are looked at in order have passed them. */
interface Leading {
  starts: Start[]
  passed: number
  need: Need | undefined
}

/** By its positions and by its times: so that every moment within the log can be had from there. */
function isBefore({ entry, ended }: Item, log: Item): boolean {
  return entry.to.at <= log.entry.from!.at && ended <= log.began
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
