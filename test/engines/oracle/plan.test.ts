import { describe, expect, it } from 'vitest'
import { newUlid } from '../../../shared/ids.ts'
import { type CommittedSnapshot, laneOf, type SnapshotKind, type UnitEntry } from '../../../shared/snapshot.ts'
import type { Inventory } from '../../../uploader/engines/oracle/inventory.ts'
import { treatmentOf } from '../../../uploader/engines/oracle/inventory.ts'
import { plan } from '../../../uploader/engines/oracle/plan/plan.ts'
import { atScn } from '../../../uploader/engines/oracle/position.ts'
import { Settings } from '../../../uploader/engines/oracle/settings.ts'

function inventory(more: Partial<Inventory> = {}): Inventory {
  return {
    id: '42',
    name: 'SHOP',
    uniqueName: 'shop',
    host: 'db1',
    instance: 'shop',
    version: '19.0.0.0.0',
    platform: 'Linux x86 64-bit',
    logMode: 'ARCHIVELOG',
    openMode: 'READ WRITE',
    role: 'PRIMARY',
    container: 'SHOP',
    hasContainers: false,
    incarnation: { id: '900', scn: '1' },
    scn: '5000',
    now: '2026-11-22T12:00:00+01:00',
    containers: [],
    dataFiles: [
      {
        number: 1,
        container: 0,
        tablespace: 'SYSTEM',
        path: '/u02/system01.dbf',
        status: 'SYSTEM',
        enabled: 'READ WRITE',
        bytes: 1000,
        blockSize: 8192,
        creationScn: '1',
        creationTime: '2026-01-01T00:00:00',
        checkpointScn: '4000',
        unrecoverableScn: '0',
      },
    ],
    threads: [{ number: 1, enabled: true, changedScn: '1' }],
    policy: {
      nologging: 'promote',
      backupMode: 'database',
      method: 'user-managed',
      files: 'local',
      noarchivelog: 'refuse',
    },
    ...more,
  }
}

function committed(kind: SnapshotKind, more: Partial<UnitEntry> = {}): CommittedSnapshot {
  const to = { stream: '42/1-900/1', at: atScn('2000') }
  const entry: UnitEntry = {
    unit: 'thread 1',
    kind,
    base: null,
    from: to,
    to,
    covers: { from: '2026-11-22T10:00:00+01:00', to: '2026-11-22T10:10:00+01:00' },
    info: { uniqueName: 'shop', beginScn: '1900', endScn: '1950', bytes: '700' },
    ...more,
  }
  return {
    snapshot: `${newUlid()}.${newUlid()}`,
    lane: laneOf(kind),
    kind,
    receivedAt: '2026-11-22T09:10:00Z',
    units: [entry],
  }
}
const full = () => ({ data: committed('full'), log: null })

describe('what is made', () => {
  it('is what was asked for, where it can be', () => {
    expect(plan('full', inventory(), full())).toMatchObject({ kind: 'full', promoted: null, expectedBytes: 1000 })
    expect(plan('log', inventory(), full())).toMatchObject({ kind: 'log', promoted: null })
    const later = { ...full(), log: committed('log') }
    expect(plan('log', inventory(), later)).toMatchObject({ kind: 'log', promoted: null, expectedBytes: 700 })
  })

  it.each<[string, Partial<Inventory>, string]>([
    ['of another database', { id: '43' }, 'REPLACED'],
    ['of a copy of it', { uniqueName: 'clone' }, 'REPLACED'],
    ['of another history', { incarnation: { id: '901', scn: '4500' } }, 'RESETLOGS'],
    [
      'with a further thread',
      { threads: [1, 2].map(number => ({ number, enabled: true, changedScn: '1' })) },
      'THREAD_ADDED',
    ],
    ['without its thread', { threads: [{ number: 1, enabled: false, changedScn: '1' }] }, 'THREAD_DISABLED'],
    [
      'beside a thread that came and went',
      { threads: [1, 2].map(number => ({ number, enabled: number === 1, changedScn: String(number * 1000) })) },
      'THREAD_DISABLED',
    ],
    [
      'with changes that redo does not hold',
      { dataFiles: [{ ...inventory().dataFiles[0]!, unrecoverableScn: '1901' }] },
      'NOLOGGING',
    ],
  ])('logs %s become a full', (_, more, code) => {
    expect(plan('log', inventory(more), full())).toMatchObject({ kind: 'full', promoted: { code } })
  })

  it('changes without redo from before backup mode are in the full', () => {
    const dataFiles = [{ ...inventory().dataFiles[0]!, unrecoverableScn: '1900' }]
    expect(plan('log', inventory({ dataFiles }), full()).kind).toBe('log')
  })

  it('without a full before it, is one', () => {
    expect(plan('log', inventory(), { data: null, log: null })).toMatchObject({ promoted: { code: 'NO_BASE' } })
    expect(plan('differential', inventory(), full())).toMatchObject({ promoted: { code: 'NO_DIFFERENTIAL' } })
  })

  it('says its steps in words', () => {
    expect(plan('full', inventory(), full()).steps).toHaveLength(5)
    const [, , archive] = plan(
      'log',
      inventory({ threads: [1, 2].map(number => ({ number, enabled: true, changedScn: '1' })) }),
      {
        data: { ...committed('full'), units: [1, 2].map(n => committed('full', { unit: `thread ${n}` }).units[0]!) },
        log: null,
      },
    ).steps
    expect(archive).toContain('the redo of 2 threads')
  })
})

describe('a data file', () => {
  const [file] = inventory().dataFiles
  it.each([
    ['in a database without containers', {}, [], 'hot'],
    ['that is read only', { enabled: 'READ ONLY' }, [], 'still'],
    ['that is offline', { enabled: 'DISABLED', status: 'OFFLINE' }, [], 'still'],
    ['that needs recovery', { status: 'RECOVER' }, [], 'still'],
    ['of an open container', { container: 3 }, [{ id: 3, databaseId: '7', name: 'P', openMode: 'READ WRITE' }], 'hot'],
    ['of the seed', { container: 2 }, [{ id: 2, databaseId: '7', name: 'PDB$SEED', openMode: 'READ ONLY' }], 'still'],
    ['of a closed container', { container: 3 }, [{ id: 3, databaseId: '7', name: 'P', openMode: 'MOUNTED' }], 'still'],
  ])('%s', (_, more, containers, treatment) => {
    expect(treatmentOf({ ...file!, ...more }, { containers, openMode: 'READ WRITE' })).toBe(treatment)
  })
})

describe('settings', () => {
  const connection = { user: 'c##bkp', service: 'shop' }
  it('have a service or a SID, one of them', () => {
    expect(Settings.parse({ connection, directory: '/x' })).toMatchObject({
      connection: { host: '127.0.0.1', port: 1521, as: 'sysbackup' },
      backupMode: 'database',
      deleteArchivedLogs: false,
    })
    expect(Settings.safeParse({ connection: { user: 'x' }, directory: '/x' }).success).toBe(false)
    expect(Settings.safeParse({ connection: { ...connection, sid: 'shop' }, directory: '/x' }).success).toBe(false)
  })
})
