import { expect, test } from 'vitest'
import { newUlid } from '../../../../shared/ids.ts'
import type { CommittedSnapshot, LaneHeads, UnitEntry } from '../../../../shared/snapshot.ts'
import { mysql } from '../../../../uploader/engines/mysql/engine.ts'
import type { Inventory } from '../../../../uploader/engines/mysql/inventory.ts'
import { explainEnd } from '../../../../uploader/engines/mysql/physical/explain.ts'
import type { Machine } from '../../../../uploader/engines/mysql/physical/machine.ts'
import { parseNotes } from '../../../../uploader/engines/mysql/physical/result.ts'
import { serverOf } from '../../../../uploader/engines/mysql/position.ts'
import { inventory as server } from '../inventory.ts'

const GiB = 1024 ** 3
const machine: Machine = {
  program: 'mariadb-backup',
  programVersion: '10.11.19',
  instance: '4711-1',
  lsn: '9000',
  bytes: 80 * GiB,
}
const inventory: Inventory = {
  ...server,
  log: { ...server.log!, files: [{ name: 'binlog.000007', size: 4000 }] },
  physical: machine,
}
const time = '2026-11-22T10:15:00.000000Z'
const known = {
  method: 'physical',
  serverVersion: inventory.version,
  instance: machine.instance,
  logCreated: '1700000000',
}

function committed(kind: 'full' | 'differential', more: Partial<UnitEntry> = {}, info: object = {}): CommittedSnapshot {
  const to = { stream: `${serverOf(inventory)}/${time}`, at: '0000000007:000000001234' }
  const entry = { unit: 'server', kind, base: null, from: to, to, covers: { from: time, to: time }, ...more }
  const lsn = kind === 'full' ? { fromLsn: '0', toLsn: '8000' } : { fromLsn: '8000', toLsn: '8500' }
  const units = [{ ...entry, info: { ...known, ...lsn, ...info } }]
  return { snapshot: `${newUlid()}.${newUlid()}`, lane: 'data', kind, receivedAt: '2026-11-22T10:15:00Z', units }
}
const heads = (data: CommittedSnapshot | null): LaneHeads => ({ data, log: null })

test('a full copies everything, a differential what came after the full that is last, or that the last differential is on', () => {
  expect(mysql.plan('full', inventory, heads(null))).toMatchObject({
    kind: 'full',
    promoted: null,
    expectedBytes: 80 * GiB,
    engineVersion: 'MariaDB 10.11.19-MariaDB-log',
  })
  const full = committed('full')
  const onFull = mysql.plan('differential', inventory, heads(full))
  expect(onFull).toMatchObject({ kind: 'differential', promoted: null, base: { snapshot: full.snapshot } })
  expect(onFull.expectedBytes).toBe(1000)
  const again = mysql.plan('differential', inventory, heads(committed('differential', { base: full.snapshot })))
  expect(again).toMatchObject({ kind: 'differential', base: { snapshot: full.snapshot }, expectedBytes: 1000 })
})

test.each([
  ['NO_FULL', null, {}],
  ['IDENTITY_CHANGED', committed('full', { to: { stream: 'other/binlog/x', at: '1' } }), {}],
  ['BASE_LOGICAL', committed('full', {}, { method: undefined }), {}],
  ['VERSION_CHANGED', committed('full', {}, { serverVersion: '10.11.18-MariaDB-log' }), {}],
  ['DATA_REPLACED', committed('full'), { instance: '4712-1' }],
  ['LSN_BEHIND', committed('full'), { lsn: '7999' }],
])('a differential becomes a full: %s', (code, head, change) => {
  const plan = mysql.plan('differential', { ...inventory, physical: { ...machine, ...change } }, heads(head))
  expect(plan).toMatchObject({ kind: 'full', promoted: { code } })
  expect(plan.promoted!.reason).toMatch(/, so everything is backed up$/)
  expect(plan.base).toBeUndefined()
})

test('a log goes on from a physical backup, and becomes a physical full where it cannot', () => {
  expect(mysql.plan('log', inventory, heads(committed('full'))).kind).toBe('log')
  const plan = mysql.plan('log', { ...inventory, logBase: null, log: null }, heads(committed('full')))
  expect(plan).toMatchObject({ kind: 'full', promoted: { code: 'LOG_OFF' }, expectedBytes: 80 * GiB })
})

test('a program is for the physical method only', () => {
  const parse = (more: object) => mysql.settings.safeParse({ connection: { user: 'b' }, ...more }).success
  expect(parse({ method: 'physical', program: '/opt/x' })).toBe(true)
  expect(parse({ method: 'logical', program: '/opt/x' })).toBe(false)
  expect(parse({ program: '/opt/x' })).toBe(false)
  expect(parse({ method: 'magical' })).toBe(false)
})

test('what a program says of its copy is read, a set of GTIDs over several lines too, and nothing is guessed', () => {
  const notes = (...texts: string[]) => texts.map(text => ({ content: Buffer.from(text) }))
  const checkpoints = 'backup_type = full-backuped\nfrom_lsn = 0\nto_lsn = 19\nlast_lsn = 20\n'
  const set = 'a-b:1-5,\nc-d:1'
  expect(
    parseNotes(
      notes(checkpoints, `binlog_pos = filename 'b.000002', position '157', GTID of the last change '${set}'\n`),
    ),
  ).toEqual({
    fromLsn: '0',
    toLsn: '19',
    log: { file: 'b.000002', offset: '157' },
    gtid: 'a-b:1-5,c-d:1',
  })
  expect(parseNotes(notes(checkpoints, 'binlog_pos = \n'))).toMatchObject({ log: null, gtid: null })
  expect(() => parseNotes(notes('to_lsn = x', ''))).toThrow(expect.objectContaining({ code: 'mysql-physical-unclear' }))
})

test('a right that the program misses later on is named like any other', () => {
  const ended = { by: 1, lines: ['Error: missing required privilege PROCESS on *.*'] }
  expect(explainEnd('mariadb-backup', ended)).toMatchObject({ code: 'mysql-missing-right', retriable: false })
})
