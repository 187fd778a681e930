import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newUlid } from '../../shared/ids.ts'
import { Journal, type JournalRecord, readJournal } from '../../uploader/staging/journal.ts'
import { seed, times } from '../support/counts.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'failsafe-journal-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const source = newUlid()
const records: JournalRecord[] = [
  { type: 'run', format: 'failsafe.journal/1', run: newUlid(), source, lane: 'data', kind: 'full', expectedBytes: 12 },
  { type: 'opened', snapshot: `${source}.${newUlid()}`, lease: 'lease-äöü', partSize: 16_777_216 },
  { type: 'staged', pack: 1, number: 1, size: 16_777_216, sha256: `${'A'.repeat(43)}=` },
  { type: 'acknowledged', pack: 1, number: 1 },
  { type: 'sealed', manifest: 'a.b.c' },
  { type: 'committed' },
]

test('records are read in the order in which they were written, by one or by many at once', async () => {
  const path = join(directory, 'journal')
  const journal = await Journal.create(path)
  for (const record of records) await journal.append(record)
  const many = Array.from({ length: 200 }, (_, number): JournalRecord => ({ type: 'acknowledged', pack: 2, number }))
  await Promise.all(many.map(record => journal.append(record)))
  await journal.close()
  expect(await readJournal(path)).toEqual([...records, ...many])
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('a record is in the file when append resolves', async () => {
  const path = join(directory, 'journal')
  const journal = await Journal.create(path)
  for (const [i, record] of records.entries()) {
    await journal.append(record)
    expect(await readJournal(path)).toHaveLength(i + 1)
  }
  await journal.close()
})

test('a journal torn at any byte is read up to its last whole record', async () => {
  const path = join(directory, 'journal')
  const journal = await Journal.create(path)
  for (const record of records) await journal.append(record)
  await journal.close()
  const whole = await readFile(path)
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), fc.uint8Array({ maxLength: 20 }), async (length, garbage) => {
      await writeFile(path, whole.subarray(0, length))
      await appendFile(
        path,
        garbage.filter(byte => byte !== 10),
      )
      const count = whole.subarray(0, length).filter(byte => byte === 10).length
      expect(await readJournal(path)).toEqual(records.slice(0, count))
    }),
    { seed, numRuns: times(2000) },
  )
})

test('a journal of zeros, of nothing or that is not there has no records', async () => {
  const path = join(directory, 'journal')
  expect(await readJournal(path)).toEqual([])
  await writeFile(path, '')
  expect(await readJournal(path)).toEqual([])
  await writeFile(path, Buffer.concat([Buffer.alloc(4096), Buffer.from('\n')]))
  expect(await readJournal(path)).toEqual([])
})
