import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { latestRuns } from '../../lambdas/catalogue/runs.ts'
import type { Table } from '../../lambdas/catalogue/table.ts'
import { seed, times, within } from '../support/counts.ts'
import { enrolAgent } from './agent.ts'
import { Death } from './faults.ts'
import { ok } from './support.ts'
import { Watched } from './watched.ts'

/** The calls of a pass are some 60 to 120; a later death is none. */
const death = fc.record({
  at: fc.integer({ min: 1, max: 110 }),
  when: fc.constantFrom('before' as const, 'after' as const),
})

describe('a watchdog that dies between any two writes, with another one at work beside it', () => {
  it(
    'tells of each condition, its recovery and each day once, and forgets none',
    async () => {
      await fc.assert(
        fc.asyncProperty(death, death, death, fc.boolean(), async (late, missed, recovered, overlap) => {
          const watched = await Watched.start('2027-01-10T12:00Z')
          try {
            const { catalogue } = watched.receiver.ports
            const agent = await enrolAgent(watched.receiver, 'acme')
            const source = await watched.source(agent, 'shop', { schedule: { full: '0 2 * * *' } })
            const told = (state: string) => {
              const notices = watched.published.filter(notice => notice.state === state)
              const kinds = new Map(notices.map(({ id, kind }) => [id, kind]))
              return [...kinds.values()].sort()
            }

            await passes(watched, '2027-01-11T08:00Z', late, overlap)
            expect(told('raised')).toEqual(['run-late'])
            await passes(watched, '2027-01-12T13:00Z', missed, overlap)
            // by now the host has not called for a day and three runs have not come: it is silent the day after
            expect(told('raised')).toEqual(['run-late', 'run-missed'])
            expect(await latestRuns(catalogue, source, 9)).toMatchObject([{ outcome: 'missed' }])
            expect(told('summary')).toHaveLength(2)
            await watched.commits(agent, source, 'full')
            ok(await agent.call('GET', '/v1/sources'))
            await passes(watched, '2027-01-12T14:00Z', recovered, overlap)
            expect(told('recovered')).toEqual(['run-late', 'run-missed'])
            expect(told('raised')).toEqual(['run-late', 'run-missed'])
            expect(ok(await watched.receiver.admin('GET', '/v1/admin/notices')).conditions).toEqual([])
          } finally {
            await watched[Symbol.asyncDispose]()
          }
        }),
        { seed, numRuns: times(200) },
      )
    },
    within(300_000),
  )
})

/** At `at` one pass dies, beside another if they overlap; then what it left behind is taken up by those that follow. */
async function passes(
  watched: Watched,
  at: string,
  { at: step, when }: { at: number; when: 'before' | 'after' },
  overlap: boolean,
) {
  await watched.jump(at)
  const dying = new Death(step, when)
  const ignoringDeath = (table?: Table) => watched.pass(table).catch(() => {})
  await Promise.all([
    ignoringDeath(dying.table(watched.receiver.ports.catalogue)),
    ...(overlap ? [ignoringDeath()] : []),
  ])
  for (const minutes of [5, 10, 15, 20]) {
    await watched.jump(new Date(Date.parse(at) + minutes * 60_000).toISOString())
    await watched.pass()
  }
}
