import { expect, test } from 'vitest'
import { Rate } from '../../uploader/output/rate.ts'

function moving() {
  let time = 0
  let done = 0
  const rate = new Rate(() => time * 1000)
  rate.measure('sealed', 0)
  return {
    rate,
    /** So many seconds at so many bytes in each. */
    move(seconds: number, each: number, label = 'sealed') {
      for (let n = 0; n < seconds; n++) {
        time++
        done += each
        rate.measure(label, done)
      }
    },
    /** Nothing is told meanwhile. */
    pause(seconds: number) {
      time += seconds
    },
  }
}

test('what moves steadily is known after its first second', () => {
  const { rate, move } = moving()
  expect([rate.perSecond, rate.secondsFor(1000)]).toEqual([0, Number.POSITIVE_INFINITY])
  move(1, 10)
  expect([rate.perSecond, rate.secondsFor(1000)]).toEqual([10, 100])
  move(100, 10)
  expect([rate.perSecond, rate.secondsFor(1000)]).toEqual([10, 100])
})

test('seconds at half the speed show in the rate, and hardly in what is left of a long time', () => {
  const { rate, move } = moving()
  move(600, 10)
  move(20, 5)
  expect(rate.perSecond).toBeLessThan(6)
  expect(rate.secondsFor(1000)).toBeLessThan(105)
})

test('a speed that stays is what the rest is told by', () => {
  const { rate, move } = moving()
  move(60, 10)
  move(180, 5)
  expect(rate.secondsFor(1000)).toBeGreaterThan(185)
})

test('a slow first second is one of all seconds so far', () => {
  const { rate, move } = moving()
  move(1, 1)
  move(4, 11)
  expect([rate.perSecond, rate.secondsFor(900)]).toEqual([9, 100])
})

test('after a minute in which nothing was told the rate is that of the minute', () => {
  const { rate, move, pause } = moving()
  move(60, 10)
  pause(59)
  move(1, 60)
  expect([rate.perSecond, rate.secondsFor(60)]).toEqual([1, 60])
})

test('another phase is measured anew', () => {
  const { rate, move } = moving()
  move(600, 10)
  move(1, 0, 'sent')
  expect(rate.perSecond).toBe(0)
  move(2, 100, 'sent')
  expect([rate.perSecond, rate.secondsFor(1000)]).toEqual([100, 10])
})
