import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Child } from '../../../../uploader/engines/mysql/physical/child.ts'
import { newOutput } from '../../../../uploader/engines/mysql/physical/output.ts'
import { makeDirectory } from '../../../../uploader/files/make-directory.ts'
import { seed, times } from '../../../support/counts.ts'

const MiB = 1024 * 1024
let directory: string
let script: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'failsafe-output-'))
  script = join(directory, 'writes.mjs')
  // Says on stderr how much it is rid of.
  await writeFile(
    script,
    `import { writeSync } from 'node:fs'
     JSON.parse(process.argv[2]).forEach((size, i) => {
       const chunk = Buffer.alloc(size, i + 1)
       for (let at = 0; at < size; ) {
         try { at += writeSync(1, chunk, at) } catch (error) { if (error.code !== 'EAGAIN') throw error }
         console.error('written', at)
       }
     })
     process.exit(Number(process.argv[3]))`,
  )
})

afterAll(() => rm(directory, { recursive: true, force: true }))

async function writing(sizes: number[], home: string, { code = 0, onLine = (_: string) => {} } = {}) {
  await makeDirectory(home, 0o700)
  const output = await newOutput(home)
  const child = new Child(process.execPath, [script, JSON.stringify(sizes), String(code)], { output, onLine })
  return { child, output }
}

function hashOf(sizes: number[]): string {
  const hash = createHash('sha256')
  for (const [i, size] of sizes.entries()) hash.update(Buffer.alloc(size, i + 1))
  return hash.digest('hex')
}

describe.each([
  ['by a socket', 'short'],
  ['by a pipe, where the directory has too long a name for a socket', 'l'.repeat(120)],
])('what a program writes %s', (_, name) => {
  test('comes whole and in order, whatever sizes it is written in, in blocks of one size but the last', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constant(64 * 1024), fc.integer({ min: 1, max: 3 * MiB })),
          { maxLength: 12 },
        ),
        fc.boolean(),
        async (sizes, slow) => {
          const { child, output } = await writing(sizes, join(directory, name))
          expect(output.stdout === 'pipe').toBe(name.length > 100)
          const hash = createHash('sha256')
          const found: number[] = []
          for await (const block of child.read()) {
            if (slow) await sleep(1)
            hash.update(block)
            found.push(block.length)
          }
          expect(await child.ended).toMatchObject({ by: 0 })
          expect(hash.digest('hex')).toBe(hashOf(sizes))
          expect(new Set(found.slice(0, -1)).size).toBeLessThan(2)
          expect(await readdir(join(directory, name))).toEqual([])
        },
      ),
      { numRuns: times(100), seed },
    )
  })

  test('is not read ahead of a slow reader further than a few blocks, and the program waits', async () => {
    let written = 0
    const { child } = await writing(Array(64).fill(MiB), join(directory, name), {
      onLine: () => {
        written += 1
      },
    })
    const blocks = child.read()
    let read = 0
    for (let i = 0; i < 5; i++) {
      read += (await blocks.next()).value!.length
      await sleep(200)
      expect(written * MiB - read).toBeLessThan(5 * MiB)
    }
    await blocks.return()
    child.kill()
    expect((await child.ended).by).toBe('SIGKILL')
  })

  test('comes up to the moment when the program dies, and its end says so', async () => {
    const { child } = await writing([MiB, 12], join(directory, name), { code: 7 })
    let read = 0
    for await (const block of child.read()) read += block.length
    expect(read).toBe(MiB + 12)
    expect(await child.ended).toMatchObject({ by: 7 })
  })
})

test('a program that cannot be started leaves nothing behind that somebody waits for', async () => {
  const home = join(directory, 'none')
  await makeDirectory(home, 0o700)
  const child = new Child(join(directory, 'no-such-program'), [], { output: await newOutput(home) })
  const read = Array.fromAsync(child.read())
  await expect(child.ended).rejects.toThrow('ENOENT')
  expect(await read).toEqual([])
})
