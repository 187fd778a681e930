import { describe, expect, it } from 'vitest'
import { newUlid } from '../../../shared/ids.ts'
import type { SnapshotKind, UnitEntry } from '../../../shared/snapshot.ts'
import type { RestoreInput } from '../../../uploader/engines/engine.ts'
import { chainsOf } from '../../../uploader/engines/sqlserver/restore/chain.ts'
import { newFiles } from '../../../uploader/engines/sqlserver/restore/new-files.ts'
import { pathFor } from '../../../uploader/engines/sqlserver/restore/place.ts'
import { restore } from '../../../uploader/engines/sqlserver/restore/restore.ts'
import { parseTarget } from '../../../uploader/engines/sqlserver/restore/target.ts'
import { failureOf } from '../mysql/harness.ts'
import { entry, source } from './samples.ts'

const files = JSON.stringify([
  { logical: 'a', physical: 'C:\\data\\a.mdf', type: 'D', bytes: '8192' },
  { logical: "a's log", physical: 'C:\\data\\a_log.ldf', type: 'L', bytes: '8192' },
])
const context = {
  signal: new AbortController().signal,
  concurrency: 1,
  warn: () => {},
  progress: () => {},
  now: () => new Date(),
}

/** Snapshots one after the other, each with a file for every entry that has one. */
function inputOf(snapshots: [SnapshotKind, UnitEntry[]][], at: string | null): RestoreInput {
  const ids = snapshots.map((_, i) => `${source}.${newUlid(1_700_000_000_000 + i)}`)
  const units = snapshots.map(([, entries]) =>
    entries.map(each => ({ ...each, base: each.base && ids[Number(each.base)]! })),
  )
  return {
    directory: '/restored',
    at,
    snapshots: snapshots.map(([kind], i) => ({
      snapshot: ids[i]!,
      kind,
      units: units[i]!,
      engineVersion: 'SQL Server 16',
    })),
    files: units.flatMap((entries, i) =>
      entries
        .filter(({ kind, from, to, info }) => info?.unchanged !== 'true' && (kind !== 'log' || from?.at !== to.at))
        .map(each => ({
          name: `${i}/${each.unit}.bak`,
          role: each.kind === 'log' ? ('log' as const) : ('database' as const),
          unit: each.unit,
          size: 10,
          attributes: { entry: JSON.stringify(each), files },
        })),
    ),
  }
}

const full = entry('a', 'full', [100, 100], { hours: [1, 2] })
const differential = entry('a', 'differential', [100, 130], { base: '0', hours: [4, 5] })
const log1 = entry('a', 'log', [100, 120], { hours: [2, 3] })
const log2 = entry('a', 'log', [120, 140], { hours: [3, 6] })
const all: [SnapshotKind, UnitEntry[]][] = [
  ['full', [full]],
  ['log', [log1]],
  ['differential', [differential]],
  ['log', [log2]],
]
const namesOf = (at: string | null, snapshots = all) =>
  chainsOf(inputOf(snapshots, at)).chains.map(({ steps }) => steps.flatMap(({ names }) => names))

describe('the way to a moment', () => {
  it('is the full, the differential and the log after it, for the latest state', () => {
    expect(namesOf(null)).toEqual([['0/a.bak', '2/a.bak', '3/a.bak']])
  })

  it('is the full and its logs where the differential came later', () => {
    const [chain] = chainsOf(inputOf(all, '2026-11-22T03:30:00+01:00')).chains
    expect(chain!.steps.flatMap(({ names }) => names)).toEqual(['0/a.bak', '1/a.bak', '3/a.bak'])
    expect(chain!.stopAt).toBe('2026-11-22T03:30:00.000')
  })

  it('stops on the clock of the server that was backed up, whatever zone the moment is written in', () => {
    const [chain] = chainsOf(inputOf(all, '2026-11-22T02:30:00Z')).chains
    expect(chain!.stopAt).toBe('2026-11-22T03:30:00.000')
  })

  it('says where the clock was changed within the log that it stops in', () => {
    const summer = { ...log2, covers: { from: '2026-11-22T03:00:00+02:00', to: '2026-11-22T06:00:00+01:00' } }
    const changed = [all[0]!, all[1]!, ['log', [summer]] as [SnapshotKind, UnitEntry[]]]
    expect(chainsOf(inputOf(changed, '2026-11-22T04:00:00+01:00')).chains[0]!.clockChanged).toBe(true)
    expect(chainsOf(inputOf(all, '2026-11-22T03:30:00+01:00')).chains[0]!.clockChanged).toBe(false)
  })

  it('does not stop inside a log with bulk operations, and takes it whole at its end', async () => {
    const bulk = { ...log2, info: { ...log2.info, bulkLogged: 'true' } }
    const snapshots: typeof all = [all[0]!, all[1]!, ['log', [bulk]]]
    expect(await failureOf(restore(inputOf(snapshots, '2026-11-22T04:00:00+01:00'), context))).toContain(
      'Choose 2026-11-22T03:00:00+01:00 or 2026-11-22T06:00:00+01:00',
    )
    expect(chainsOf(inputOf(snapshots, '2026-11-22T06:00:00+01:00')).chains).toMatchObject([{ stopAt: null }])
  })

  it('needs no file for a database that was read only and unchanged', () => {
    const unchanged = entry('a', 'differential', [100, 100], { base: '0', hours: [1, 9], info: { unchanged: 'true' } })
    expect(namesOf(null, [all[0]!, ['differential', [unchanged]]])).toEqual([['0/a.bak']])
  })

  it('leads over a log that was said to stand where it stood', () => {
    const still = { ...entry('a', 'log', [120, 120], { hours: [3, 3] }), info: log1.info! }
    expect(namesOf(null, [all[0]!, all[1]!, ['log', [still]], all[3]!])).toEqual([['0/a.bak', '1/a.bak', '3/a.bak']])
  })

  it('names a database that cannot be restored with what was chosen', () => {
    const input = inputOf(all, null)
    expect(chainsOf({ ...input, files: input.files.slice(1) })).toMatchObject({
      chains: [],
      without: [{ database: 'a', reason: 'not all of its files were chosen' }],
    })
  })
})

describe('restore.sql', () => {
  it('restores every database in the right order and ends at the first error', async () => {
    const { files: [script] = [] } = await restore(inputOf(all, '2026-11-22T03:30:00+01:00'), context)
    await expect(script!.content).toMatchFileSnapshot('restore.sql')
  })

  it('leaves out the server’s own databases, which the runbook tells how to restore', async () => {
    const master = { ...full, unit: 'master', info: { ...full.info, set: 'set of master' } }
    const report = await restore(inputOf([['full', [master, full]]], null), context)
    expect(report.files![0]!.content).not.toContain('master')
    expect(report.runbook).toContain('start the server in single-user mode')
  })

  it.each(['x\nGO\nDROP DATABASE y', '$(folder)'])('leaves out %j, which sqlcmd would read for itself', async name => {
    const { files: [script] = [] } = await restore(inputOf([['full', [{ ...full, unit: name }]]], null), context)
    expect(script!.content).not.toContain('RESTORE')
    expect(script!.content.split('\n').filter(line => line === 'GO')).toHaveLength(1)
    expect(script!.content).toContain('Restore it with failsafe restore --apply')
  })
})

describe('RESTORE.md', () => {
  it('says how to save the tail of the log, and what encrypted databases need', async () => {
    const encrypted = { ...full, info: { ...full.info, encrypted: 'true', filestream: 'true' } }
    const { runbook } = await restore(inputOf([['full', [encrypted]]], null), context)
    expect(runbook).toContain("BACKUP LOG [a] TO DISK = N'tail.trn'")
    expect(runbook).toContain('CREATE CERTIFICATE')
    expect(runbook).toContain('FILESTREAM')
  })

  it('is of no use for a place in the log, and says so', async () => {
    expect(await failureOf(restore({ ...inputOf(all, null), before: 'x:1' }, context))).toContain(
      'Choose a moment with --at',
    )
  })
})

describe('files of a restored database', () => {
  it('lie where the server puts new ones, under the name of the database', () => {
    const place = { data: 'D:\\data\\', log: 'L:\\log', separator: '\\' as const, taken: new Set<string>() }
    const of = (logical: string, physical: string, type: string) =>
      pathFor(place, 'a/b', { logical, physical, type, bytes: null })
    expect(of('p', 'C:\\x\\p.mdf', 'D')).toBe('D:\\data\\a_b_p.mdf')
    expect(of('l', '/var/l.ldf', 'L')).toBe('L:\\log\\a_b_l.ldf')
    expect(of('fs', 'C:\\x\\fs', 'S')).toBe('D:\\data\\a_b_fs')
    expect(of('P', 'C:\\x\\P.mdf', 'D')).toBe('D:\\data\\a_b_P_2.mdf')
  })

  it('are named again only where a log adds one', () => {
    const [a, b] = ['a', 'b'].map(logical => ({ logical, physical: logical, type: 'D', bytes: null }))
    expect(newFiles([a!, b!], undefined, 'full')).toEqual([a, b])
    expect(newFiles([a!, b!], [a!], 'log')).toEqual([b])
    expect(newFiles([a!], [a!], 'differential')).toEqual([])
  })
})

describe('a target', () => {
  it('is an address with options', async () => {
    expect(
      await parseTarget('sqlserver://s%40:p%40ss@10.0.0.1:1444?suffix=_x&overwrite=yes&data=/d&log=/l&tls=unverified'),
    ).toMatchObject({
      login: { host: '10.0.0.1', port: 1444, user: 's@', password: 'p@ss', authorities: undefined },
      suffix: '_x',
      overwrite: true,
      data: '/d',
      log: '/l',
    })
  })

  it.each(['mysql://a@b', 'sqlserver://host', 'sqlserver://a@b?x=1', 'sqlserver://a@b?overwrite=maybe', 'nonsense'])(
    '%s is refused',
    async target => {
      expect(await failureOf(parseTarget(target))).toContain('restore-target: The target')
    },
  )
})
