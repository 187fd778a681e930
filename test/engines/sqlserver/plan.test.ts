import { describe, expect, it } from 'vitest'
import type { LaneHeads } from '../../../shared/snapshot.ts'
import type { Database } from '../../../uploader/engines/sqlserver/inventory.ts'
import { judge } from '../../../uploader/engines/sqlserver/plan/judge.ts'
import { plan } from '../../../uploader/engines/sqlserver/plan/plan.ts'
import { lsn } from '../../../uploader/engines/sqlserver/position.ts'
import { committed, database, entry, fullOf, inventory } from './samples.ts'

/** A full up to 100 and a log up to 120, after which the next begins. */
const heads: LaneHeads = { ...fullOf('a'), log: committed('log', [entry('a', 'log', [100, 120])]) }
const after: Partial<Database> = { nextLog: lsn('120') }

describe('a full run', () => {
  it('takes everything in full, whatever is known', () => {
    const made = plan('full', inventory([database('master'), database('a')]), heads)
    expect(made).toMatchObject({ kind: 'full', promoted: null })
    expect(made.steps[1]).toContain('2 databases in full')
  })

  it('is COPY_ONLY where another product owns the chain', () => {
    const coexisting = inventory([database('a')], { policy: { coexist: true, replicas: 'preferred' } })
    expect(judge('full', coexisting, heads)).toMatchObject([{ task: { kind: 'full', copyOnly: true } }])
  })
})

describe('a differential run', () => {
  const judged = (more: Partial<Database>, of: LaneHeads = heads) =>
    judge('differential', inventory([database('a', more)]), of)

  it('builds on our own full, directly and after another differential', () => {
    expect(judged({})).toMatchObject([
      { task: { kind: 'differential', base: { snapshot: heads.data!.snapshot, set: 'set-a' } } },
    ])
    const full = fullOf('a').data
    const again = committed('differential', [entry('a', 'differential', [100, 130], { base: full.snapshot })])
    expect(judged({}, { data: again, log: null })).toMatchObject([
      { task: { kind: 'differential', base: { snapshot: full.snapshot, set: 'set-a' } } },
    ])
  })

  it.each<[string, string, Partial<Database>]>([
    ['somebody else took a full', 'FOREIGN_FULL', { files: [{ type: 'rows', bytes: 1, differentialBase: 'other' }] }],
    [
      'single files were backed up',
      'FILE_BACKUPS',
      {
        files: [
          { type: 'rows', bytes: 1, differentialBase: 'set-a' },
          { type: 'rows', bytes: 1, differentialBase: 'other' },
        ],
      },
    ],
    ['it was dropped and made anew', 'REPLACED', { family: 'another' }],
    ['it was restored as a new database', 'RESTORED', { guid: 'another' }],
    ['it was restored over itself', 'RESTORED', { fork: 'another' }],
  ])('takes a full where %s, and says so', (_, code, more) => {
    const made = plan('differential', inventory([database('a', more)]), heads)
    expect(made).toMatchObject({ kind: 'full', promoted: { code } })
  })

  it('takes a full of what is new, and of master, beside the differentials of others', () => {
    const made = plan('differential', inventory([database('master'), database('a'), database('new')]), heads)
    expect(made).toMatchObject({ kind: 'differential', promoted: null })
    expect(made.steps[1]).toContain('changed in 1 database, and 2 in full')
  })

  it('takes a file that was added since the full for part of its chain', () => {
    const files: Database['files'] = [
      { type: 'rows', bytes: 1, differentialBase: 'set-a' },
      { type: 'rows', bytes: 1, differentialBase: null },
    ]
    expect(judged({ files })).toMatchObject([{ task: { kind: 'differential' } }])
  })

  it('builds on no COPY_ONLY full', () => {
    const data = committed('full', [entry('a', 'full', [100, 100], { info: { copyOnly: 'true' } })])
    expect(judged({}, { data, log: null })).toMatchObject([
      { task: { kind: 'full', instead: { code: 'BASE_COPY_ONLY' } } },
    ])
  })

  it('says of a read-only database that it is unchanged, as long as its full is ours', () => {
    const data = committed('full', [entry('a', 'full', [100, 100], { info: { readOnly: 'true' } })])
    expect(judged({ readOnly: true }, { data, log: null })).toMatchObject([{ how: 'unchanged' }])
    const files: Database['files'] = [{ type: 'rows', bytes: 1, differentialBase: 'other' }]
    expect(judged({ readOnly: true, files }, { data, log: null })).toMatchObject([{ task: { kind: 'full' } }])
    expect(judged({ readOnly: true })).toMatchObject([{ task: { kind: 'differential' } }])
  })
})

describe('a log run', () => {
  it('goes on from the last log', () => {
    expect(plan('log', inventory([database('a', after)]), heads)).toMatchObject({ kind: 'log', promoted: null })
  })

  it('goes on from the last full where the first log after it begins no later than it ends', () => {
    for (const next of ['90', '100'])
      expect(plan('log', inventory([database('a', { nextLog: lsn(next) })]), fullOf('a'))).toMatchObject({
        kind: 'log',
      })
    expect(plan('log', inventory([database('a', { nextLog: lsn('101') })]), fullOf('a'))).toMatchObject({
      promoted: { code: 'FOREIGN_LOG' },
    })
  })

  it.each<[string, string, Partial<Database>]>([
    ['somebody else took a log', 'FOREIGN_LOG', { nextLog: lsn('121') }],
    ['its chain was ended by the recovery model', 'LOG_CHAIN_ENDED', { nextLog: null }],
    ['its recovery model is SIMPLE now', 'NOW_SIMPLE', { recovery: 'SIMPLE', nextLog: null }],
  ])('becomes a differential where %s', (_, code, more) => {
    const made = plan('log', inventory([database('a', { ...after, ...more })]), heads)
    expect(made).toMatchObject({ kind: 'differential', promoted: { code } })
  })

  it.each<[string, string, Partial<Database>]>([
    [
      'it was put back to an earlier state',
      'REVERTED',
      { nextLog: lsn('110'), files: [{ type: 'rows', bytes: 1, differentialBase: 'x' }] },
    ],
    ['it was restored', 'RESTORED', { fork: 'another' }],
    ['it was dropped and made anew', 'REPLACED', { family: 'another' }],
    [
      'somebody else took a log and then a full',
      'FOREIGN_LOG',
      { nextLog: lsn('121'), files: [{ type: 'rows', bytes: 1, differentialBase: 'other' }] },
    ],
  ])('becomes a full where %s', (_, code, more) => {
    const made = plan('log', inventory([database('a', { ...after, ...more })]), heads)
    expect(made).toMatchObject({ kind: 'full', promoted: { code } })
  })

  it('names the databases that broke, and heals each as cheaply as it can', () => {
    const databases = [database('a', { nextLog: lsn('130') }), database('new', { nextLog: null })]
    const made = plan('log', inventory(databases), heads)
    expect(made.promoted!.reason).toContain(
      '"a": somebody else took a log backup of it; "new": there is no full backup of it',
    )
    expect(judge('differential', inventory(databases), heads)).toMatchObject([
      { task: { kind: 'differential' } },
      { task: { kind: 'full', instead: { code: 'NO_BASE' } } },
    ])
  })

  it('does not become a differential over and over for a database that the last one could not back up either', () => {
    const data = {
      ...heads.data!,
      units: [{ ...heads.data!.units[0]!, info: { ...heads.data!.units[0]!.info, failed: '["bad"]' } }],
    }
    const made = plan('log', inventory([database('a', after), database('bad', { nextLog: null })]), { ...heads, data })
    expect(made).toMatchObject({ kind: 'log', promoted: null })
    expect(made.steps[1]).toContain(
      'bad (there is no full backup of it; the last full or differential run failed for it)',
    )
  })

  it('takes nothing of master, nor of what is SIMPLE', () => {
    const databases = [
      database('master'),
      database('msdb', { recovery: 'SIMPLE', nextLog: null }),
      database('a', after),
    ]
    expect(judge('log', inventory(databases), heads).map(({ how }) => how)).toEqual(['leave-out', 'leave-out', 'take'])
  })

  it('becomes a differential on a server whose databases are all SIMPLE', () => {
    const simple = committed('full', [entry('a', 'full', [100, 100], { info: { recovery: 'SIMPLE' } })])
    const databases = [database('a', { recovery: 'SIMPLE', nextLog: null })]
    expect(plan('log', inventory(databases), { data: simple, log: null })).toMatchObject({
      kind: 'differential',
      promoted: { code: 'NO_LOGS' },
    })
  })

  it('becomes a full where another product owns the chain', () => {
    const coexisting = inventory([database('a', after)], { policy: { coexist: true, replicas: 'preferred' } })
    expect(plan('log', coexisting, heads)).toMatchObject({ kind: 'full', promoted: { code: 'COEXIST' } })
  })

  it('compares LSNs beyond 2^53 to the last digit', () => {
    const [end, next] = ['45000000012300037', '45000000012300038'].map(lsn)
    const log = entry('a', 'log', [100, 120])
    const known = { ...heads, log: committed('log', [{ ...log, to: { ...log.to, at: end! } }]) }
    expect(plan('log', inventory([database('a', { nextLog: end! })]), known)).toMatchObject({ kind: 'log' })
    expect(plan('log', inventory([database('a', { nextLog: next! })]), known)).toMatchObject({
      promoted: { code: 'FOREIGN_LOG' },
    })
  })

  it('expects as many bytes as the last time', () => {
    expect(plan('log', inventory([database('a', after)]), heads).expectedBytes).toBe(1000)
    expect(plan('full', inventory([database('a'), database('b')]), heads).expectedBytes).toBe(1000 + 8 * 1024 ** 2)
  })
})
