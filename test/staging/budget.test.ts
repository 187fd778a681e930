import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Budget, partsWithin } from '../../uploader/staging/budget.ts'
import { seed, times } from '../support/counts.ts'

const MiB = 1024 * 1024
const never = new AbortController().signal

test('a place goes to whoever has waited longest', async () => {
  const budget = new Budget(1)
  await budget.acquire(never)
  const order: string[] = []
  const waiting = ['a', 'b', 'c'].map(name => budget.acquire(never).then(() => order.push(name)))
  for (const done of waiting) {
    budget.release()
    await done
  }
  expect(order).toEqual(['a', 'b', 'c'])
  budget.release()
  expect(budget.used).toBe(0)
})

test('who is stopped while waiting leaves the queue', async () => {
  const budget = new Budget(1)
  await budget.acquire(never)
  const stop = new AbortController()
  const stopped = budget.acquire(stop.signal)
  const next = budget.acquire(never)
  stop.abort(new Error('enough'))
  await expect(stopped).rejects.toThrow('enough')
  await expect(budget.acquire(stop.signal)).rejects.toThrow('enough')
  budget.release()
  await next
  expect(budget.used).toBe(1)
})

test('however places are taken and given back, never more than the capacity are in use', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.nat(3), { maxLength: 60 }),
      async (capacity, holds) => {
        const budget = new Budget(capacity)
        let held = 0
        let most = 0
        await Promise.all(
          holds.map(async turns => {
            await budget.acquire(never)
            most = Math.max(most, ++held)
            for (let turn = 0; turn < turns; turn++) await Promise.resolve()
            held -= 1
            budget.release()
          }),
        )
        expect(most).toBeLessThanOrEqual(capacity)
        expect(budget.used).toBe(0)
      },
    ),
    { seed, numRuns: times(1000) },
  ))

test('the budget counts whole parts and leaves room for the journal', () => {
  expect(partsWithin(20 * 1024 * MiB, 16 * MiB, 4)).toBe(1279)
  expect(partsWithin(65 * MiB, 16 * MiB, 2)).toBe(4)
})

test('a budget below the readers and two more parts is refused, with the size that would do', () => {
  expect(() => partsWithin(65 * MiB - 1, 16 * MiB, 2)).toThrow(
    expect.objectContaining({ code: 'staging-too-small', fix: 'Raise staging.maxBytes to at least 65MiB' }),
  )
})
