import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Kept } from '../../lambdas/restore-page/app/kept/kept.ts'

/** One entry of a tab's history, which copies what it is given. */
class Entry {
  state: unknown = null
  writes = 0
  replaceState(state: unknown) {
    this.state = structuredClone(state)
    this.writes++
  }
}
let entry: Entry
beforeEach(() => {
  vi.useFakeTimers()
  entry = new Entry()
})
afterEach(() => vi.useRealTimers())

it('gives the same choice the same key, also when the page is loaded again, and another choice another', () => {
  const first = new Kept(entry)
  expect(first.hasAsked).toBe(false)
  const key = first.keyOf({ at: '2026-11-05T13:10:00Z', units: ['shop'] })
  expect(key).toMatch(/^[A-Za-z0-9_-]{16,64}$/)
  expect(first.keyOf({ units: ['shop'], at: '2026-11-05T13:10:00Z' })).toBe(key)
  const again = new Kept(entry)
  expect(again.hasAsked).toBe(true)
  expect(again.keyOf({ at: '2026-11-05T13:10:00Z', units: ['shop'] })).toBe(key)
  const others = [
    again.keyOf({ at: '2026-11-05T13:10:00Z' }),
    again.keyOf({ at: '2026-11-05T13:10:01Z', units: ['shop'] }),
    again.keyOf({ snapshot: '2026-11-05T13:10:00Z', units: ['shop'] }),
    new Kept(new Entry()).keyOf({ at: '2026-11-05T13:10:00Z', units: ['shop'] }),
  ]
  expect(new Set([key, ...others]).size).toBe(5)
})

it('knows what the receiver has granted, and what it was only asked for', () => {
  const kept = new Kept(entry)
  const [one, two] = [{ at: '2026-11-05T13:10:00Z' }, { at: '2026-11-05T13:11:00Z' }]
  kept.keyOf(two)
  kept.grant(kept.keyOf(one))
  for (const known of [kept, new Kept(entry)])
    expect([known.isGranted(one), known.isGranted(two), known.isGranted({})]).toEqual([true, false, false])
})

it('writes what was chosen down when a point that is dragged rests, or something is asked for', () => {
  const kept = new Kept(entry)
  for (let time = 0; time < 100; time++) kept.choose({ time, units: ['a'], end: null })
  expect(entry.writes).toBe(0)
  vi.runAllTimers()
  expect(entry.writes).toBe(1)
  expect(new Kept(entry).chosen).toEqual({ time: 99, units: ['a'], end: null })
  kept.choose({ time: 100, units: null, end: 200 })
  kept.keyOf({})
  expect(new Kept(entry).chosen).toEqual({ time: 100, units: null, end: 200 })
})

it('goes on where the browser takes no more, and where the state is of something else', () => {
  const full = {
    state: { scroll: 5 },
    replaceState: () => {
      throw new DOMException('too many calls', 'SecurityError')
    },
  }
  const kept = new Kept(full)
  expect(kept.chosen).toEqual({ time: null, units: null, end: null })
  expect(kept.keyOf({})).toBe(kept.keyOf({}))
})
