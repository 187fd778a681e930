import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ahead } from '../../shared/ahead.ts'

describe('asking ahead', () => {
  test('gives everything in order, one being asked for while another is in use', async () => {
    const asked: number[] = []
    const items = async function* () {
      for (let n = 1; n <= 4; n++) {
        asked.push(n)
        yield n
      }
    }
    const got: number[] = []
    for await (const item of ahead(items())) {
      await turn()
      expect(asked).toHaveLength(Math.min(item + 1, 4))
      got.push(item)
    }
    expect(got).toEqual([1, 2, 3, 4])
  })

  test('an error comes after all that came before it, and leaving early closes the source', async () => {
    let closed = false
    const items = async function* () {
      try {
        yield 1
        throw new Error('gone')
      } finally {
        closed = true
      }
    }
    const got: number[] = []
    const all = async () => {
      for await (const item of ahead(items())) got.push(item)
    }
    await expect(all()).rejects.toThrow('gone')
    expect(got).toEqual([1])
    closed = false
    for await (const _ of ahead(items())) break
    expect(closed).toBe(true)
  })
})
