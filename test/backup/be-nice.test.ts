import { expect, test } from 'vitest'
import { run } from '../support/run.ts'

/** Becomes nice, and tells the priorities of all its threads and of a child. */
const script = `
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { beNice } from './uploader/backup/be-nice.ts'
for (const level of process.argv.slice(1)) beNice(Number(level))
const niceOf = path => Number(readFileSync(path, 'utf8').replace(/^.*\\) /s, '').split(' ')[16])
const threads = readdirSync('/proc/self/task').map(id => niceOf('/proc/self/task/' + id + '/stat'))
const child = Number(execFileSync('nice', { encoding: 'utf8' }))
console.log(JSON.stringify({ threads, child }))
`

async function priorities(...levels: number[]): Promise<{ threads: number[]; child: number }> {
  const args = ['--input-type=module', '-e', script, ...levels.map(String)]
  const finished = await run('nice', ['-n', '0', process.execPath, ...args])
  expect(finished.code, finished.stderr).toBe(0)
  return JSON.parse(finished.stdout)
}

test('every thread becomes polite, and so does what is started; never less than before', async () => {
  const before = await priorities()
  expect(before.threads.length).toBeGreaterThan(4)
  const own = before.child
  const polite = Math.max(own, 15)
  for (const levels of [[15], [15, 3]]) {
    const { threads, child } = await priorities(...levels)
    expect(new Set(threads)).toEqual(new Set([polite]))
    expect(child).toBe(polite)
  }
})
