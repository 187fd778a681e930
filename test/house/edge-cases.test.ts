import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

test.each([
  ['mysql', 37],
  ['sqlserver', 37],
  ['oracle', 38],
  ['exchange', 37],
  ['domino', 36],
])('docs/engines/%s-edge-cases.md names tests that exist', async (engine, cases) => {
  const text = await readFile(join(root, `docs/engines/${engine}-edge-cases.md`), 'utf8')
  const rows = text.split('\n').filter(line => /^\| (?!topic \||# \|)/.test(line))
  const named = rows.map(row => / \| `(test\/[\w/.-]+\.test\.ts)`: (.+) \|$/.exec(row)?.slice(1) ?? [row])
  for (const [file, title] of named) {
    expect(title, file).toBeDefined()
    const source = await readFile(join(root, file!), 'utf8')
    const found = ["'", '`'].some(quote => source.includes(`${quote}${title}${quote}`))
    expect(found, `${file}: ${title}`).toBe(true)
  }
  const numbers = new Set(
    rows.flatMap(row => {
      const [, from, to] = /^\| (\d+)(?:–(\d+)|, \d+)? \|/.exec(row) ?? []
      const second = /^\| \d+, (\d+) \|/.exec(row)?.[1]
      if (from === undefined) return []
      const last = Number(to ?? from)
      const all = Array.from({ length: last - Number(from) + 1 }, (_, i) => Number(from) + i)
      return second === undefined ? all : [...all, Number(second)]
    }),
  )
  expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: cases }, (_, i) => i + 1))
})
