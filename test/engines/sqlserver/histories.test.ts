import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { historiesOf } from '../../../shared/planner/history.ts'
import { planRestore } from '../../../shared/planner/plan.ts'
import { rangesOf } from '../../../shared/planner/ranges.ts'
import { type SqlServer, startSqlServer } from '../../doubles/tds/server.ts'
import { seed, times, within } from '../../support/counts.ts'
import { BackupChain } from './chain.ts'
import { trustedDoor } from './trusted-door.ts'

/** What may happen to one of the databases, by us and by others. */
const names = ['a', 'b'] as const
const event = fc.record({
  what: fc.constantFrom(
    'write',
    'write',
    'write',
    'log',
    'log',
    'log',
    'differential',
    'full',
    'foreign full',
    'foreign copy',
    'foreign log',
    'foreign differential',
    'simple',
    'full model',
    'restored',
    'recreated',
    'offline',
    'online',
  ),
  name: fc.constantFrom(...names),
})
type Event = { what: string; name: (typeof names)[number] }

/** A moment after a write, with what each database held then. */
interface Noted {
  utc: number
  name: string
  content: Record<string, string>
}

/** Carries one thing out where it is possible now; others are left out. */
async function happen({ what, name }: Event, server: SqlServer, chain: BackupChain, noted: Noted[]): Promise<void> {
  const { model, clock } = server
  const database = model.database(name)
  const online = database.state === 'ONLINE'
  const full = database.differentialBase !== null
  switch (what) {
    case 'write': {
      if (!online) return
      const { utc } = model.write(name, { [`at ${clock.now()}`]: String(noted.length) })
      noted.push({ utc, name, content: model.content(name) })
      return
    }
    case 'log':
    case 'differential':
    case 'full':
      clock.advance(1000)
      await chain.take(what)
      clock.advance(1000)
      return
    case 'foreign full':
      if (online) await model.backup(name, 'full')
      return
    case 'foreign copy':
      if (online) await model.backup(name, 'full', { copyOnly: true })
      return
    case 'foreign log':
      if (online && database.recovery !== 'SIMPLE' && database.logBackupLsn !== null) await model.backup(name, 'log')
      return
    case 'foreign differential':
      if (online && full) await model.backup(name, 'differential')
      return
    case 'simple':
      if (online) model.setRecovery(name, 'SIMPLE')
      return
    case 'full model':
      if (online) model.setRecovery(name, 'FULL')
      return
    case 'restored':
      if (online) await model.restoreOver(name)
      return
    case 'recreated':
      model.drop(name)
      model.createDatabase(name)
      return
    case 'offline':
      model.setState(name, 'OFFLINE')
      return
    case 'online':
      model.setState(name, 'ONLINE')
  }
}

let door: Awaited<ReturnType<typeof trustedDoor>>

beforeAll(async () => {
  door = await trustedDoor()
})
afterAll(() => door[Symbol.asyncDispose]())

describe('whatever happens to the databases, and whoever else backs them up', () => {
  it.each([
    ['files', times(1000)],
    ['the door', times(100)],
  ])(
    'the newest state of a run is restored exactly, and so is every moment that is said to be restorable, through %s',
    async (way, numRuns) => {
      const more = way === 'files' ? {} : { door: door.settings }
      await fc.assert(
        fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 12 }), async events => {
          await using server = await startSqlServer({ storage: { authorities: [door.authority] } })
          for (const name of names) server.model.createDatabase(name)
          await using chain = await BackupChain.of(server, { parallel: 1, ...more }, { concurrency: 1 })
          const noted: Noted[] = []
          await chain.take('full')
          for (const each of events) await happen(each, server, chain, noted)
          for (const name of names) server.model.setState(name, 'ONLINE')
          server.clock.advance(1000)
          const last = await chain.take('log')
          const snapshots = chain.taken.map(({ committed }) => committed)

          await using target = await startSqlServer()
          const units = names.filter(name => last.committed.units.some(({ unit }) => unit === name))
          if (units.length > 0) await chain.restore(target, { kind: 'latest' }, { units })
          for (const name of units) expect(target.model.content(name), name).toEqual(server.model.content(name))
          const history = historiesOf(snapshots)
          let tried = 0
          for (const { utc, name, content } of noted.toReversed()) {
            const ranges = rangesOf(history.get(name)!)
            if (!ranges.some(({ from, to }) => from.time <= utc && utc <= to.time)) continue
            if (++tried > 1) break
            await using fresh = await startSqlServer()
            const at = new Date(utc).toISOString()
            expect(() => planRestore(snapshots, { kind: 'at', at }, [name])).not.toThrow()
            await chain.restore(fresh, { kind: 'at', at }, { units: [name] })
            expect(fresh.model.content(name), `${name} at ${at}`).toEqual(content)
          }
          expect(await chain.exchange()).toEqual([])
        }),
        { seed, numRuns },
      )
    },
    within(400_000),
  )
})
