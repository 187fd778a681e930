import { describe, expect, it } from 'vitest'
import { stepsAfter, type ToRestore } from '../../lambdas/restore-page/app/ways/steps.ts'
import { snapshotOf } from './samples.ts'

const planned = (
  kind: 'full' | 'differential' | 'log',
  from: number,
  to: number,
  engineVersion = '10.11.6-MariaDB',
) => ({
  kind,
  engineVersion,
  units: snapshotOf(1, kind, from, to).units,
})
const mysql: ToRestore = { engine: 'mysql', at: null, snapshots: [planned('full', 3, 3)], physical: false, files: null }
const kinds = (restore: ToRestore) => stepsAfter(restore).map(({ kind }) => kind)
const codeOf = (restore: ToRestore, kind: string) => stepsAfter(restore).find(step => step.kind === kind)?.code

describe('what to do then', () => {
  it('loads a full where its files lie', () => {
    expect(kinds(mysql)).toEqual(['prepare-target', 'load', 'check'])
    expect(codeOf(mysql, 'load')).toMatch(/^cd \.\nclient="mariadb /)
    expect(codeOf({ ...mysql, snapshots: [planned('full', 3, 3, '8.0.40'), planned('log', 3, 4)] }, 'load')).toMatch(
      /^cd 0001-full\nclient="mysql /,
    )
  })

  it('replays the logs from where the full ends to the second of the moment, each of them once and whole', () => {
    const restore: ToRestore = {
      ...mysql,
      at: '2026-11-22T10:14:59.5+01:00',
      snapshots: [planned('full', 3, 3), planned('log', 3, 4), planned('log', 4, 5)],
      files: [
        { file: '0001-full/a.sql', role: 'data', size: 1 },
        { file: '0002-log/binlog.000006', role: 'log', size: 9 },
        { file: '0002-log/binlog.000007', role: 'log', size: 500 },
        { file: '0003-log/binlog.000007', role: 'log', size: 900 },
        { file: '0003-log/binlog.000008', role: 'log', size: 30 },
      ],
    }
    expect(kinds(restore)).toEqual(['prepare-target', 'load', 'logs', 'check'])
    expect(codeOf(restore, 'logs')).toBe(`# in the directory above the folders
TZ=UTC mariadb-binlog --start-position=300 --stop-datetime='2026-11-22 09:15:00' \\
  '0003-log/binlog.000007' \\
  '0003-log/binlog.000008' | mariadb --binary-mode --max-allowed-packet=1G`)
    expect(codeOf({ ...restore, files: null }, 'logs')).toBeUndefined()
  })

  it('unpacks and prepares copies of data files, with their differential', () => {
    const restore: ToRestore = {
      ...mysql,
      physical: true,
      snapshots: [planned('full', 3, 3, '8.0.40'), planned('differential', 3, 4)],
    }
    expect(kinds(restore)).toEqual(['prepare-target', 'unpack', 'bring-together', 'copy-back', 'check'])
    expect(codeOf(restore, 'unpack')).toContain('xbstream -x -C increment < 0002-differential/backup.xbstream')
    expect(codeOf(restore, 'bring-together')).toContain('--prepare --apply-log-only --target-dir=prepared\n')
  })

  it('leaves other engines to their own tools', () => {
    expect(kinds({ ...mysql, engine: 'domino' })).toEqual(['prepare-target', 'own-tools', 'check'])
  })
})
