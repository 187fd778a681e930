import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ahead } from '../../../uploader/engines/mysql/dump/ahead.ts'
import { Checks } from '../../../uploader/engines/mysql/dump/checks.ts'

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

describe('checks behind the reading', () => {
  const refused = () => Promise.reject(new Error('altered'))
  const deferred = () => Promise.withResolvers<void>()

  test('the one that ends last waits for every check, whichever way round it is', async () => {
    const checks = new Checks()
    const slow = deferred()
    checks.begin()
    checks.begin()
    await checks.end(() => slow.promise)
    await checks.settled()
    let over = false
    const last = checks
      .end(async () => {})
      .then(() => {
        over = true
      })
    await turn()
    expect(over).toBe(false)
    slow.resolve()
    await last
  })

  test('what a check found is thrown, and never lost', async () => {
    const settledLast = new Checks()
    settledLast.begin()
    await settledLast.end(refused)
    await expect(settledLast.settled()).rejects.toThrow('altered')

    const endedLast = new Checks()
    endedLast.begin()
    endedLast.begin()
    await endedLast.end(refused)
    await endedLast.settled()
    await expect(endedLast.end(async () => {})).rejects.toThrow('altered')

    const alone = new Checks()
    alone.begin()
    await alone.settled()
    await expect(alone.end(refused)).rejects.toThrow('altered')
  })
})
