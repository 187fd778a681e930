import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { compileWalk, walkModule } from '../../scripts/wasm/compile.ts'

test('the module that walks rows is what its source says (npm run wasm writes it)', async () => {
  expect(await readFile(walkModule, 'utf8')).toBe(await compileWalk())
})
