import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Checks } from '../../../uploader/engines/mysql/dump/checks.ts'

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
