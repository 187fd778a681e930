import { expect, test } from 'vitest'
import type { Clock } from '../../uploader/transfer/clock.ts'
import { Patience } from '../../uploader/transfer/patience.ts'

const { signal } = new AbortController()
const minute = 60_000

/** Sleeping is what lets its time go by; what the wall clock shows has nothing to do with it. */
function newClock(now: () => Date = () => new Date(0)) {
  let elapsed = 0
  const slept: number[] = []
  const clock: Clock = {
    now,
    elapsed: () => elapsed,
    async sleep(milliseconds) {
      slept.push(milliseconds)
      elapsed += milliseconds
    },
    random: () => 0,
  }
  return { clock, slept }
}

test('patience lasts as long as it should, on a wall clock that somebody sets back and forth all the time', async () => {
  let looks = 0
  const { clock } = newClock(() => new Date((++looks % 2) * 13 * 60 * minute))
  const patience = new Patience(clock, 30 * minute)
  const since = clock.elapsed()
  const trying = async () => {
    for (let attempt = 1; ; attempt++) await patience.pause(attempt, since, new Error('away'), signal)
  }
  await expect(trying()).rejects.toMatchObject({ code: 'upload-failed', why: 'away' })
  expect(clock.elapsed()).toBeGreaterThan(30 * minute)
  expect(clock.elapsed()).toBeLessThan(31 * minute)
})

test('whoever moves at all is waited for without end', async () => {
  const { clock } = newClock()
  const patience = new Patience(clock, 30 * minute)
  const since = clock.elapsed()
  while (clock.elapsed() < 24 * 60 * minute) {
    await patience.pause(10, since, new Error('slow'), signal)
    patience.moved()
  }
})

test('the other side is given the time that it asked for', async () => {
  const { clock, slept } = newClock()
  const patience = new Patience(clock)
  await patience.pause(1, 0, new Error('busy'), signal, 7000)
  await patience.pause(10, 0, new Error('busy'), signal, 7000)
  expect(slept).toEqual([7000, 15_000])
})
