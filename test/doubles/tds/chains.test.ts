import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seed, times } from '../../support/counts.ts'
import { temporaryDirectory } from '../../uploader/directory.ts'
import { Client } from './client.ts'
import { firstFork, forkPoint, lastFork } from './model/backup-set.ts'
import { LogEnd, lsn } from './model/lsn.ts'
import { startSqlServer } from './server.ts'

describe('log sequence numbers', () => {
  test('are the file, the block and the slot, one after the other, and too long for a number', () => {
    expect(lsn(45, 123, 37)).toBe(45000000012300037n)
    expect(BigInt(Number(lsn(45, 123, 37)))).not.toBe(lsn(45, 123, 37))
  })

  test('only grow, over the ends of blocks and of files', () => {
    const end = new LogEnd(34)
    let last = 0n
    for (let at = 0; at < 5000; at++) {
      expect(end.lsn).toBeGreaterThan(last)
      last = end.record()
      if (at % 3 === 0) end.flush()
      expect(LogEnd.at(end.lsn).lsn).toBe(end.lsn)
    }
    expect(last / 10n ** 15n).toBeGreaterThan(34n)
  })
})

async function rig() {
  const directory = await temporaryDirectory()
  const server = await startSqlServer()
  const client = await Client.connect(server)
  server.model.createDatabase('shop')
  let files = 0
  const backUp = (kind: 'full' | 'differential' | 'log', options: object = {}) =>
    server.model.backup('shop', kind, { to: directory.in(`${++files}.bak`), ...options })
  return {
    server,
    client,
    model: server.model,
    backUp,
    pathOf: (at: number) => directory.in(`${at}.bak`),
    get files() {
      return files
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await server.close()
      await directory[Symbol.asyncDispose]()
    },
  }
}

const status = `
  SELECT CONVERT(varchar(30), last_log_backup_lsn) AS log, recovery_fork_guid AS fork, database_guid AS guid, family_guid AS family
  FROM sys.database_recovery_status WHERE database_id = DB_ID('shop')`

describe('a chain', () => {
  test('of logs begins with the first data backup, and each log begins where the last one ended', async () => {
    await using on = await rig()
    expect(await on.client.rows(status)).toMatchObject([{ log: null }])
    const full = await on.backUp('full')
    expect(await on.client.rows(status)).toMatchObject([{ log: String(full.firstLsn) }])
    on.model.write('shop', { a: '1' })
    const first = await on.backUp('log')
    on.model.write('shop', { a: '2' })
    const second = await on.backUp('log')
    const idle = await on.backUp('log')
    expect(first).toMatchObject({
      firstLsn: full.firstLsn,
      beginsLogChain: true,
      databaseBackupLsn: full.checkpointLsn,
    })
    expect(first.lastLsn).toBeGreaterThan(full.lastLsn)
    expect(second).toMatchObject({ firstLsn: first.lastLsn, beginsLogChain: false })
    expect(idle).toMatchObject({ firstLsn: second.lastLsn, lastLsn: second.lastLsn })
    expect(await on.client.rows(status)).toMatchObject([{ log: String(second.lastLsn) }])
  })

  test('is not moved by copies', async () => {
    await using on = await rig()
    await on.backUp('full', { copyOnly: true })
    expect(await on.client.rows(status)).toMatchObject([{ log: null }])
    const full = await on.backUp('full')
    const copy = await on.backUp('full', { copyOnly: true })
    on.model.write('shop', { a: '1' })
    const copied = await on.backUp('log', { copyOnly: true })
    const log = await on.backUp('log')
    expect(copied).toMatchObject({ firstLsn: log.firstLsn, copyOnly: true, beginsLogChain: true })
    expect(log).toMatchObject({ beginsLogChain: true })
    const differential = await on.backUp('differential', { copyOnly: true })
    expect(differential).toMatchObject({ differentialBase: { guid: full.uuid, lsn: full.firstLsn }, copyOnly: false })
    expect(copy).toMatchObject({ databaseBackupLsn: full.checkpointLsn, copyOnly: true })
  })

  test('of differentials moves to the full backup that somebody else takes', async () => {
    await using on = await rig()
    await on.backUp('full')
    const foreign = await on.model.backup('shop', 'full')
    const differential = await on.backUp('differential')
    expect(differential).toMatchObject({ differentialBase: { guid: foreign.uuid } })
    const bases = await on.client.rows(
      "SELECT type, differential_base_guid AS base FROM sys.master_files WHERE database_id = DB_ID('shop')",
    )
    expect(bases).toEqual([
      { type: 0, base: foreign.uuid.toUpperCase() },
      { type: 1, base: null },
    ])
  })

  test('names the full backup that it builds on, whatever came between', async () => {
    await using on = await rig()
    const full = await on.backUp('full')
    await on.backUp('differential')
    on.model.write('shop', { a: '1' })
    expect(await on.backUp('log')).toMatchObject({ databaseBackupLsn: full.checkpointLsn, damaged: false })
    const files = `MOVE 'shop' TO '${on.pathOf(101)}', MOVE 'shop_log' TO '${on.pathOf(102)}'`
    const restore = (path: string, options: string) =>
      on.client.run(`RESTORE DATABASE copy FROM DISK = @path WITH ${options}`, { path })
    await restore(on.pathOf(1), `NORECOVERY, ${files}`)
    await restore(on.pathOf(2), 'RECOVERY')
    expect(on.model.database('copy').differentialBase).toEqual({ guid: full.uuid, lsn: full.firstLsn })
  })

  test('of a database for one user restores for one user', async () => {
    await using on = await rig()
    expect(await on.backUp('full')).toMatchObject({ singleUser: false })
    await on.client.run('ALTER DATABASE shop SET SINGLE_USER')
    expect(await on.backUp('full')).toMatchObject({ singleUser: true })
    for (const [file, access] of [
      [1, 'MULTI_USER'],
      [2, 'SINGLE_USER'],
    ] as const) {
      await on.model.restoreOver('shop', [on.pathOf(file)])
      expect(on.model.database('shop').userAccess).toBe(access)
    }
  })

  test('of differentials has no single base once a file was backed up alone', async () => {
    await using on = await rig()
    on.model.createDatabase('files', { files: ['second'] })
    await on.model.backup('files', 'full')
    on.model.backupFile('files', 'second')
    expect(await on.model.backup('files', 'differential')).toMatchObject({ differentialBase: null })
  })

  test('breaks under the simple recovery model, and a differential begins another', async () => {
    await using on = await rig()
    await on.backUp('full')
    on.model.write('shop', { a: '1' })
    const before = await on.backUp('log')
    on.model.setRecovery('shop', 'SIMPLE')
    on.model.write('shop', { a: '2' })
    on.model.setRecovery('shop', 'FULL')
    expect(await on.client.rows(status)).toMatchObject([{ log: null }])
    const differential = await on.backUp('differential')
    on.model.write('shop', { a: '3' })
    const after = await on.backUp('log')
    expect(after).toMatchObject({ firstLsn: differential.firstLsn, beginsLogChain: true })
    expect(after.firstLsn).toBeGreaterThan(before.lastLsn)
  })

  test('goes on from a log backup with bulk-logged data, which is marked', async () => {
    await using on = await rig()
    await on.backUp('full')
    on.model.setRecovery('shop', 'BULK_LOGGED')
    on.model.write('shop', { a: '1' }, { bulk: true })
    expect(await on.backUp('log')).toMatchObject({ bulkLogged: true })
    on.model.write('shop', { a: '2' })
    expect(await on.backUp('log')).toMatchObject({ bulkLogged: false })
  })

  test('of a read-only database stays where it is', async () => {
    await using on = await rig()
    on.model.setReadOnly('shop', true)
    const [first, second] = [await on.backUp('full'), await on.backUp('full')]
    expect(second.firstLsn).toBe(first.firstLsn)
    expect(second).toMatchObject({ readOnly: true })
  })

  test('of a database that is made anew under its name is another family', async () => {
    await using on = await rig()
    const before = await on.backUp('full')
    on.model.drop('shop')
    on.model.createDatabase('shop')
    const after = await on.backUp('full')
    expect(after.familyGuid).not.toBe(before.familyGuid)
    expect(after.databaseGuid).not.toBe(before.databaseGuid)
  })

  test('forks where a restored database goes on', async () => {
    await using on = await rig()
    await on.backUp('full')
    const [before] = await on.client.rows(status)
    await on.model.restoreOver('shop')
    const [after] = await on.client.rows(status)
    expect(after).toMatchObject({ guid: before!.guid, family: before!.family })
    expect(after!.fork).not.toBe(before!.fork)
    on.model.write('shop', { a: '1' })
    const crossing = await on.backUp('log')
    expect(firstFork(crossing).guid.toUpperCase()).toBe(before!.fork)
    expect(lastFork(crossing).guid.toUpperCase()).toBe(after!.fork)
    expect(forkPoint(crossing)).toBe(crossing.firstLsn)
    expect(
      await on.client.rows(
        'SELECT TOP (1) first_recovery_fork_guid AS first, last_recovery_fork_guid AS last FROM msdb.dbo.backupset ORDER BY backup_set_id DESC',
      ),
    ).toEqual([{ first: before!.fork, last: after!.fork }])
    on.model.write('shop', { a: '2' })
    const next = await on.backUp('log')
    expect(firstFork(next)).toBe(lastFork(next))
    expect(forkPoint(next)).toBeNull()
  })

  test('of a backup restored under another name is of a new database', async () => {
    await using on = await rig()
    await on.backUp('full')
    await on.client.run(
      `RESTORE DATABASE copy FROM DISK = @path WITH MOVE 'shop' TO '${on.pathOf(101)}', MOVE 'shop_log' TO '${on.pathOf(102)}'`,
      { path: on.pathOf(1) },
    )
    const [mine] = await on.client.rows(status)
    const [its] = await on.client.rows(status.replace("'shop'", "'copy'"))
    expect(its).toMatchObject({ family: mine!.family })
    expect(its!.guid).not.toBe(mine!.guid)
  })

  test('of a database that is restoring shows nothing of itself', async () => {
    await using on = await rig()
    await on.backUp('full')
    await on.backUp('log', { tail: true })
    expect(await on.client.rows(status)).toEqual([{ log: null, fork: null, guid: null, family: null }])
    expect(await on.client.value("HAS_DBACCESS('shop')")).toBe(0)
  })
})

const iso = (time: number) => new Date(time).toISOString().slice(0, 19)

describe('a restore', () => {
  const moves = (on: Awaited<ReturnType<typeof rig>>) =>
    `MOVE 'shop' TO '${on.pathOf(101)}', MOVE 'shop_log' TO '${on.pathOf(102)}'`

  test('stops at a time, before a mark and at a mark', async () => {
    await using on = await rig()
    await on.backUp('full')
    on.model.write('shop', { a: '1' })
    const second = on.model.write('shop', { a: '2' })
    const mark = on.model.database('shop').commits.at(-1)!.lsn
    on.model.write('shop', { a: '3' })
    await on.backUp('log')
    for (const [stop, value] of [
      [`STOPAT = '${iso(second.local)}'`, '2'],
      [`STOPAT = '${iso(second.local - 1000)}'`, '1'],
      [`STOPBEFOREMARK = 'lsn:${mark}'`, '1'],
      [`STOPATMARK = 'lsn:${mark}'`, '2'],
    ]) {
      await on.client.run(`RESTORE DATABASE copy FROM DISK = @path WITH NORECOVERY, REPLACE, ${moves(on)}`, {
        path: on.pathOf(1),
      })
      await on.client.run(`RESTORE LOG copy FROM DISK = @path WITH RECOVERY, ${stop}`, { path: on.pathOf(2) })
      expect(on.model.content('copy'), stop).toEqual({ a: value })
    }
    expect(
      await on.client.errors("RESTORE LOG copy FROM DISK = @path WITH STOPATMARK = 'named'", { path: on.pathOf(2) }),
    ).toEqual([4334, 3013])
  })

  test('to a time that its logs do not reach stays restoring, and says so', async () => {
    await using on = await rig()
    await on.backUp('full')
    on.model.write('shop', { a: '1' })
    await on.backUp('log')
    const late = iso(on.server.clock.local() + 3_600_000)
    await on.client.run(`RESTORE DATABASE copy FROM DISK = @path WITH NORECOVERY, ${moves(on)}`, { path: on.pathOf(1) })
    const said: number[] = []
    const request = on.client.request({ path: on.pathOf(2) })
    request.on('info', info => said.push(info.number))
    await request.query(`RESTORE LOG copy FROM DISK = @path WITH RECOVERY, STOPAT = '${late}'`)
    expect(said).toContain(4322)
    expect(await on.client.value("DATABASEPROPERTYEX('copy', 'Status')")).toBe('RESTORING')
    expect(await on.client.errors('ALTER DATABASE copy SET SINGLE_USER')).toEqual([5052])
    await on.client.run('RESTORE DATABASE copy WITH RECOVERY')
    expect(on.model.content('copy')).toEqual({ a: '1' })
  })

  test('to a standby can be read, and goes on', async () => {
    await using on = await rig()
    await on.backUp('full')
    on.model.write('shop', { a: '1' })
    await on.backUp('log')
    await on.client.run(`RESTORE DATABASE copy FROM DISK = @path WITH STANDBY = '/tmp/undo', ${moves(on)}`, {
      path: on.pathOf(1),
    })
    expect(await on.client.rows("SELECT state_desc, is_in_standby FROM sys.databases WHERE name = 'copy'")).toEqual([
      { state_desc: 'ONLINE', is_in_standby: true },
    ])
    await on.client.run('RESTORE LOG copy FROM DISK = @path', { path: on.pathOf(2) })
    expect(await on.client.rows("SELECT state_desc, is_in_standby FROM sys.databases WHERE name = 'copy'")).toEqual([
      { state_desc: 'ONLINE', is_in_standby: false },
    ])
    expect(on.model.content('copy')).toEqual({ a: '1' })
  })

  /*
   * Whatever was backed up, in whatever order, with whatever others did meanwhile: where the chain rules of the reference say that backups
   * lead to a moment, the double restores exactly what the database held then.
   */
  test('by any chain holds what the database held', async () => {
    await using on = await rig()
    let number = 0
    let restored = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...steps), { minLength: 8, maxLength: 30, size: 'max' }),
        async history => {
          on.model.drop('shop')
          on.model.createDatabase('shop')
          on.model.write('shop', { start: String(++number) })
          const taken: { path: string; set: Awaited<ReturnType<typeof on.backUp>> }[] = []
          const moments: { local: number; content: Record<string, string> }[] = []
          const take = async (kind: 'full' | 'differential' | 'log') => {
            const set = await on.backUp(kind)
            taken.push({ path: on.pathOf(on.files), set })
          }
          await take('full')
          for (const step of history) {
            if (step === 'write') {
              const { local } = on.model.write('shop', { [`key ${++number % 5}`]: String(number) })
              moments.push({ local, content: on.model.content('shop') })
            } else if (step === 'simple and back') {
              on.model.setRecovery('shop', 'SIMPLE')
              on.model.setRecovery('shop', 'FULL')
              await take('differential')
            } else if (step === 'restored') await on.model.restoreOver('shop')
            else if (step === 'foreign log') await on.model.backup('shop', 'log')
            else if (step === 'foreign copy') await on.model.backup('shop', 'full', { copyOnly: true })
            else await take(step)
          }
          await take('log')
          for (const { local, content } of moments) {
            const chain = chainTo(
              taken.map(({ set }) => set),
              local,
            )
            if (!chain) continue
            const files = chain.map(set => taken.find(each => each.set === set)!.path)
            await on.client.run(`RESTORE DATABASE copy FROM DISK = @path WITH NORECOVERY, REPLACE, ${moves(on)}`, {
              path: files[0]!,
            })
            for (const [at, set] of chain.slice(1).entries()) {
              const what = set.type === 'L' ? 'LOG' : 'DATABASE'
              const stop = set.type === 'L' ? `, STOPAT = '${iso(local)}'` : ''
              await on.client.run(`RESTORE ${what} copy FROM DISK = @path WITH NORECOVERY${stop}`, {
                path: files[at + 1]!,
              })
            }
            await on.client.run('RESTORE DATABASE copy WITH RECOVERY')
            expect(on.model.content('copy')).toEqual(content)
            restored++
          }
        },
      ),
      { seed, numRuns: times(200) },
    )
    expect(restored).toBeGreaterThan(times(200))
  })
})

const steps = [
  'write',
  'write',
  'write',
  'write',
  'write',
  'log',
  'log',
  'log',
  'differential',
  'differential',
  'full',
  'foreign log',
  'foreign copy',
  'simple and back',
  'restored',
] as const

type Taken = Awaited<ReturnType<Awaited<ReturnType<typeof rig>>['backUp']>>

/** The reference's chain rules (1.C and 1.E), written down once more and apart from the double's own. */
function chainTo(sets: Taken[], time: number): Taken[] | undefined {
  const full = sets.findLast(set => set.type === 'D' && set.finishedAt <= time)
  if (!full) return
  const differential = sets.findLast(
    set => set.type === 'I' && set.differentialBase?.guid === full.uuid && set.finishedAt <= time,
  )
  const chain = differential ? [full, differential] : [full]
  let end = chain.at(-1)!.lastLsn
  let fork = lastFork(chain.at(-1)!).guid
  for (const set of sets.slice(sets.indexOf(chain.at(-1)!) + 1)) {
    if (set.type !== 'L' || set.lastLsn < end) continue
    if (set.firstLsn > end) return
    const same = firstFork(set).guid === fork || lastFork(set).guid === fork
    if (!same) return
    chain.push(set)
    end = set.lastLsn
    fork = lastFork(set).guid
    if (set.finishedAt >= time) return chain
  }
  return
}
