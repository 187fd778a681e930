import { expect, test } from 'vitest'
import { run, runOk } from '../support/run.ts'

const module = new URL('../../uploader/end-process.ts', import.meta.url)

/** Two functions that V8 finds worth compiling, one before the end is told and one after it. */
const program = `
  import { endProcess } from ${JSON.stringify(module.href)}
  function before(n) { let sum = 0; for (let i = 0; i < n; i++) sum = (sum * 31 + i) | 0; return sum }
  function after(n) { let sum = 0; for (let i = 0; i < n; i++) sum = (sum * 33 + i) | 0; return sum }
  for (let i = 0; i < 300; i++) before(1e5)
  endProcess(7)
  for (let i = 0; i < 300; i++) after(1e5)
`

test('while a process comes to its end, V8 is given nothing more to compile beside it', async () => {
  const ended = await run(process.execPath, ['--trace-opt', '--input-type=module', '--eval', program])
  expect([ended.code, ended.stderr]).toEqual([7, ''])
  expect(ended.stdout).toContain('<JSFunction before')
  expect(ended.stdout).not.toContain('<JSFunction after')
})

/** Says how long the end waits, in milliseconds, in a process that was told to stop compiling that long before. */
const endAfter = (before: number) => `
  import { endProcess, stopCompiling } from ${JSON.stringify(module.href)}
  const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))
  await pause(1000)
  stopCompiling()
  if (${before} > 0) await pause(${before})
  globalThis.setTimeout = (end, milliseconds) => {
    console.log(milliseconds)
    end()
  }
  endProcess(0)
`

test('what V8 was told to stop before needs no time of its own at the end', async () => {
  const waits = async (before: number) =>
    Number((await runOk(process.execPath, ['--input-type=module', '--eval', endAfter(before)])).stdout)
  const [atOnce, before] = [await waits(0), await waits(300)]
  expect(atOnce).toBeGreaterThan(190)
  expect(atOnce).toBeLessThanOrEqual(200)
  expect(before).toBe(20)
})
