import { expect, test } from 'vitest'
import { run } from '../support/run.ts'

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
