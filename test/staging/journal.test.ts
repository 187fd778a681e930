import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newUlid } from '../../shared/ids.ts'
import { Journal, type JournalRecord, readJournal } from '../../uploader/staging/journal.ts'
import { long, seed, times } from '../support/counts.ts'

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'failsafe-journal-'))
  path = join(directory, 'journal')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const source = newUlid()
const sha256 = `${'A'.repeat(43)}=`
const extents = [{ pack: 1, offset: 0, length: 7 }]
const records: JournalRecord[] = [
  {
    type: 'run',
    format: 'failsafe.journal/1',
    run: newUlid(),
    source,
    lane: 'data',
    kind: 'full',
    requested: 'auto',
    expectedBytes: 12,
    startedAt: '2026-11-22T10:00:00.000Z',
    recipients: ['age1x'],
  },
  { type: 'opened', snapshot: `${source}.${newUlid()}`, lease: 'lease-äöü', partSize: 16_777_216, head: null },
  { type: 'staged', pack: 1, number: 1, size: 16_777_216, sha256 },
  { type: 'acknowledged', pack: 1, number: 1 },
  { type: 'artefact', line: 'c2VhbGVk', tail: { pack: 1, number: 2, size: 12, sha256 } },
  { type: 'completed', pack: { n: 1, size: 12, parts: 1, sha256 } },
  {
    type: 'all-staged',
    manifest: {
      engineVersion: 'test 1',
      uploader: 'failsafe test',
      totals: { artefacts: 1, sourceBytes: 2, sealedBytes: 3 },
      index: { extents, size: 7, sha256 },
      units: { extents, count: 1, sha256 },
    },
    units: [],
    warnings: ['Nürnberg 🛒'],
  },
  { type: 'sealed', manifest: 'a.b.c' },
  { type: 'committed' },
]

async function write(these = records): Promise<void> {
  const journal = await Journal.create(path)
  for (const record of these) await journal.append(record)
  await journal.close()
}

async function read(): Promise<JournalRecord[]> {
  return (await Array.fromAsync(readJournal(path))).map(({ record }) => record)
}

test('records are read in the order in which they were written, by one or by many at once', async () => {
  const journal = await Journal.create(path)
  for (const record of records) await journal.append(record)
  const many = Array.from({ length: 2000 }, (_, number): JournalRecord => ({ type: 'acknowledged', pack: 2, number }))
  await Promise.all(many.map(record => journal.append(record)))
  await journal.close()
  expect(await read()).toEqual([...records, ...many])
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('a record is in the file when append resolves', async () => {
  const journal = await Journal.create(path)
  for (const [i, record] of records.entries()) {
    await journal.append(record)
    expect(await read()).toHaveLength(i + 1)
  }
  await journal.close()
})

test('a journal cut at any byte is read up to its last whole record, and goes on from there', async () => {
  await write()
  const whole = await readFile(path)
  const next: JournalRecord = { type: 'acknowledged', pack: 9, number: 9 }
  for (let length = 0; length <= whole.length; length++) {
    await writeFile(path, whole.subarray(0, length))
    const count = whole.subarray(0, length).filter(byte => byte === 10).length
    const found = await Array.fromAsync(readJournal(path))
    expect(found.map(({ record }) => record)).toEqual(records.slice(0, count))
    const end = found.at(-1)?.end ?? 0
    expect(end).toBe(whole.subarray(0, length).lastIndexOf(10) + 1)
    if (!long && length % 20 > 0) continue
    const journal = await Journal.reopen(path, end)
    await journal.append(next)
    await journal.close()
    expect(await read()).toEqual([...records.slice(0, count), next])
  }
})

test('garbage behind a cut hides nothing before it and is no record', () =>
  fc.assert(
    fc.asyncProperty(fc.nat(records.length), fc.uint8Array({ minLength: 1, maxLength: 20 }), async (count, garbage) => {
      await rm(path, { force: true })
      await write(records.slice(0, count))
      const whole = await readFile(path)
      await writeFile(path, Buffer.concat([whole, garbage]))
      expect(await read()).toEqual(records.slice(0, count))
    }),
    { seed, numRuns: times(2000) },
  ))

test('a journal of zeros, of nothing or that is not there has no records', async () => {
  expect(await read()).toEqual([])
  await writeFile(path, '')
  expect(await read()).toEqual([])
  await writeFile(path, Buffer.concat([Buffer.alloc(4096), Buffer.from('\n')]))
  expect(await read()).toEqual([])
})

test('once a record could not be written none is taken any more, or it might stand behind half a line', async () => {
  const journal = await Journal.create(path)
  await journal.append(records[0]!)
  await truncate(path)
  await journal.close()
  await expect(journal.append(records[1]!)).rejects.toMatchObject({ code: 'staging-broken' })
  await expect(journal.append(records[2]!)).rejects.toMatchObject({ code: 'staging-broken' })
  expect(await read()).toEqual([])
})
