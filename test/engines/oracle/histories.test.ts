import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { historiesOf } from '../../../shared/planner/history.ts'
import { rangesOf } from '../../../shared/planner/ranges.ts'
import type { Oracle } from '../../doubles/tns/oracle.ts'
import { seed, times, within } from '../../support/counts.ts'
import { BackupChain } from './chain.ts'
import { smallOracle } from './samples.ts'

/** What may happen, by us and by others. */
const event = fc.constantFrom(
  'write',
  'write',
  'write',
  'write elsewhere',
  'switch',
  'log',
  'log',
  'log',
  'full',
  'killed full',
  'delete logs',
  'forget logs',
  'resetlogs',
  'enable thread',
  'disable thread',
  'without redo',
  'grow',
  'new file',
)
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never

/** Right after a change: its SCN, and the time in UTC. */
interface Noted {
  scn: bigint
  time: number
}

async function happen(what: Event, server: Oracle, chain: BackupChain, noted: Noted[], clock: { now: number }) {
  const { database } = server
  const { logs } = database
  const last = logs.threads.at(-1)!
  const thread = last.enabled ? last.number : 1
  const write = (of: number) => {
    const file = 1 + (noted.length % database.dataFiles.length)
    const blocks = database.blocksOf(file)
    const scn = database.write(file, blocks[noted.length % blocks.length]!, `value ${noted.length}`, of)
    noted.push({ scn, time: clock.now })
  }
  clock.now += 2000
  switch (what) {
    case 'write':
      return write(1)
    case 'write elsewhere':
      return write(thread)
    case 'switch':
      return void logs.switch(thread)
    case 'log':
    case 'full':
      await chain.take(what, { onChunk: () => write(thread) })
      return
    case 'killed full':
      await chain
        .take('full', {
          killed: true,
          before: ({ name }) => {
            if (name.includes('users')) throw new Error('killed')
          },
        })
        .catch(() => {})
      await chain.recover()
      return
    case 'delete logs':
      for (const log of logs.archived.filter(({ name }) => name !== null).slice(-2)) {
        rmSync(log.name!)
        Object.assign(log, { name: null, deleted: true, status: 'D' })
      }
      return
    case 'forget logs':
      logs.archived.splice(0, Math.ceil(logs.archived.length / 2))
      return
    case 'resetlogs':
      return database.openResetlogs()
    case 'enable thread':
      if (logs.threads.length < 3) logs.addThread()
      return
    case 'disable thread':
      if (last.number > 1) last.enabled = false
      return
    case 'without redo':
      database.writeUnlogged(1, 5, `without redo ${noted.length}`)
      return
    case 'grow':
      return database.extend(2, 1)
    case 'new file':
      if (database.dataFiles.length < 7) database.createTablespace(`TS${database.dataFiles.length}`, 8)
  }
}

describe('whatever happens to the redo, and whoever deletes logs', () => {
  it(
    'the newest state is restored exactly, and so are an SCN and a moment among those that are said to be restorable',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(event, { minLength: 4, maxLength: 9 }), fc.nat(), async (events, choice) => {
          const clock = { now: Date.UTC(2026, 10, 22, 10) }
          await using server = await smallOracle({ now: () => new Date(clock.now) })
          await using chain = await BackupChain.of(server, { files: choice % 2 === 0 ? 'local' : 'remote' })
          const noted: Noted[] = []
          await chain.take('full')
          for (const each of events) await happen(each, server, chain, noted, clock)
          clock.now += 2000
          await chain.take('log')

          const latest = await chain.restore({ kind: 'latest' })
          expect(latest.got).toEqual(latest.held)
          expect(server.database.dataFiles.filter(({ backup }) => backup.active)).toEqual([])

          // SCNs that the newest full, and what came after it, lead to.
          const full = chain.taken.findLast(({ plan }) => plan.kind === 'full')!.committed.units[0]!
          const end = chain.snapshots
            .at(-1)!
            .units.map(({ to }) => BigInt(to.at))
            .sort((a, b) => (a < b ? -1 : 1))[0]!
          const scns = noted.map(({ scn }) => scn + 1n).filter(scn => scn > BigInt(full.info!.endScn!) && scn <= end)
          if (scns.length > 0) {
            const { got, held } = await chain.restore({ kind: 'latest' }, String(scns[choice % scns.length]))
            expect(got).toEqual(held)
          }

          // Moments of the whole history.
          const histories = [...historiesOf(chain.snapshots).values()]
          const moments = noted
            .map(({ time }) => time + 1000)
            .filter(time =>
              histories.every(history =>
                rangesOf(history).some(({ from, to }) => from.time <= time && time <= to.time),
              ),
            )
          if (moments.length > 0) {
            const at = new Date(moments[choice % moments.length]!).toISOString()
            const { got, held } = await chain.restore({ kind: 'at', at })
            expect(got, at).toEqual(held)
          }
        }),
        { seed, numRuns: times(1000) },
      )
    },
    within(120_000),
  )
})
