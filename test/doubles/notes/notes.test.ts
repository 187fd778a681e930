import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { run } from '../../support/run.ts'
import { NotesWorld } from './world.ts'

let world: NotesWorld
beforeEach(async () => {
  world = await NotesWorld.make()
  await world.addDatabase('names.nsf', { size: 100_000 })
  await world.write(4, 'names.nsf')
})
afterEach(() => world[Symbol.asyncDispose]())

async function use(scenario: string) {
  const finished = await run(process.execPath, [join(import.meta.dirname, 'misuse.ts'), world.root, scenario])
  const { failed, hash } = (finished.code === 0 ? JSON.parse(finished.stdout) : {}) as {
    failed?: string
    hash?: string
  }
  return { ...finished, failed, hash, violations: await world.violations() }
}

describe.each([false, true])('a library whose handles have eight bytes: %s', wide => {
  it('gives a proper caller the image of the moment at which it started, though much is changed during the copy', async () => {
    if (wide) await world.set('wide', '')
    const used = await use('proper')
    expect(used.failed).toBe('')
    const image = await world.image('names.nsf')
    expect(used.hash).toBe(image!.hash)
    expect(await world.hashOf('names.nsf')).not.toBe(image!.hash)
    expect(used.violations).toEqual([])
    expect(await world.backups()).toEqual([])
  })
})

describe('a caller that', () => {
  test.each(['claims to have read more', 'does not apply what changed', 'copies what was appended'])(
    '%s has another image',
    async scenario => {
      const used = await use(scenario)
      expect(used.hash).not.toBe((await world.image('names.nsf'))!.hash)
    },
  )

  test.each([
    ['applies it in another order', '0x0ea7'],
    ['leaves out a piece', '0x0ea7'],
    ['starts twice', '0x0ea4'],
    ['is done with the extent that is still written', '0x13dc'],
    ['opens a backup before it was recovered', '0x13f3'],
    ['initialised twice', '0x0120'],
    ['uses a handle that was closed', '0x0ea6'],
  ])('%s is refused', async (scenario, status) => {
    expect((await use(scenario)).failed).toContain(status)
  })

  test.each([
    ['does not apply what changed', 1],
    ['asks for changes too early', 1],
    ['leaves everything open', 3],
    ['uses a handle that was closed', 1],
    ['is done with the extent that is still written', 1],
    ['opens a backup before it was recovered', 1],
    ['initialised twice', 1],
  ])('%s is counted', async (scenario, count) => {
    expect((await use(scenario)).violations).toHaveLength(count)
  })

  test.each(['without initialisation', 'from another thread'])('calls %s dies', async scenario => {
    const used = await use(scenario)
    expect(used.signal).toBe('SIGABRT')
    expect(used.violations).toHaveLength(1)
  })
})

it('keeps extents for whoever archives them, also beyond a process, and uses their files again under other numbers', async () => {
  await world.closeExtents(2, 'names.nsf')
  expect(await world.waiting()).toEqual([1, 2])
  await use('leaves everything open')
  expect(await world.waiting()).toEqual([1, 2])
})
