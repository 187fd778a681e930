import { describe, expect, it } from 'vitest'
import type { Database } from '../../../uploader/engines/sqlserver/inventory.ts'
import { judge } from '../../../uploader/engines/sqlserver/plan/judge.ts'
import { treatmentOf } from '../../../uploader/engines/sqlserver/plan/treatment.ts'
import { database, fullOf, inventory } from './samples.ts'

const preferred = { replicas: 'preferred' } as const
const treat = (
  more: Partial<Database>,
  known = false,
  replicas = preferred.replicas as 'preferred' | 'primary' | 'always',
) => treatmentOf(database('a', more), { replicas }, known)

describe('what a run does about a database', () => {
  it('backs up one that is online', () => {
    expect(treat({})).toEqual({ how: 'back-up', secondary: false })
  })

  it.each<[string, Partial<Database>, string]>([
    ['tempdb', { name: 'tempdb' }, 'makes it anew'],
    ['a snapshot of a database', { isSnapshot: true }, 'snapshot of another'],
    ['a mirror', { mirror: true, state: 'RESTORING' }, 'mirror'],
    [
      'one whose group prefers another replica',
      { role: 'primary', preferredReplica: false },
      'prefers another replica',
    ],
  ])('leaves out %s quietly, with the reason in the list of databases', (_, more, reason) => {
    expect(treatmentOf(database('a', more), preferred, true)).toEqual({
      how: 'leave-out',
      reason: expect.stringContaining(reason),
      warn: false,
    })
  })

  it.each<[string, Partial<Database>]>([
    ['offline', { state: 'OFFLINE' }],
    ['being restored and was never backed up', { state: 'RESTORING' }],
    ['recovering and was never backed up', { state: 'RECOVERING' }],
    ['a standby copy', { standby: true }],
  ])('leaves out one that is %s, and warns', (_, more) => {
    expect(treat(more)).toMatchObject({ how: 'leave-out', warn: true })
  })

  it.each<[string, Partial<Database>, boolean]>([
    ['being restored, and was online when it was last backed up', { state: 'RESTORING' }, true],
    ['waiting for its recovery', { state: 'RECOVERY_PENDING' }, false],
    ['suspect', { state: 'SUSPECT' }, false],
    ['in emergency mode', { state: 'EMERGENCY' }, false],
    ['closed to the login', { access: false }, false],
    ['without an identity that the login may see', { guid: null }, false],
    ['without files that the login may see', { files: [] }, false],
  ])('fails one that is %s', (_, more, known) => {
    expect(treat(more, known)).toMatchObject({ how: 'fail' })
  })

  it('backs up a secondary replica that is chosen, with no differential and every full COPY_ONLY', () => {
    expect(treat({ role: 'secondary' })).toEqual({ how: 'back-up', secondary: true })
    const verdicts = judge('differential', inventory([database('a', { role: 'secondary' })]), fullOf('a'))
    expect(verdicts).toMatchObject([
      { how: 'take', task: { kind: 'full', copyOnly: true, instead: { code: 'SECONDARY' } } },
    ])
  })

  it('leaves a secondary to the primary, or takes whatever replica this is, where the source says so', () => {
    expect(treat({ role: 'secondary' }, false, 'primary')).toMatchObject({ how: 'leave-out' })
    expect(treat({ role: 'primary', preferredReplica: false }, false, 'primary')).toMatchObject({ how: 'back-up' })
    expect(treat({ role: 'secondary', preferredReplica: false }, false, 'always')).toMatchObject({ how: 'back-up' })
  })

  it('says something of every database of the server', () => {
    const databases = [
      database('tempdb'),
      database('off', { state: 'OFFLINE' }),
      database('bad', { state: 'SUSPECT' }),
      database('good'),
    ]
    for (const kind of ['full', 'differential', 'log'] as const)
      expect(judge(kind, inventory(databases), fullOf('good')).map(({ how }) => how)).toEqual([
        'leave-out',
        'leave-out',
        'fail',
        'take',
      ])
  })
})
