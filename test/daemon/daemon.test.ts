import { readFileSync } from 'node:fs'
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { Failure } from '../../shared/failure.ts'
import { temporaryDirectory } from '../uploader/directory.ts'
import { done, failed, memoryIn, startTestDaemon } from './support.ts'

const shop = ['sources:', '  shop:', '    engine: mysql', '    connection: { host: h, port: 1, user: u }']
const scheduled = [...shop, '    schedule: { full: "0 2 * * *" }']
const now = '2027-01-05T01:58:30Z'

async function remember(state: { in(...names: string[]): string }, full: object): Promise<void> {
  const memory = { format: 'failsafe.schedule/1', sources: { shop: { kinds: { full } } } }
  await writeFile(state.in('schedule.json'), JSON.stringify(memory))
}

test('a run starts at its time, and that it began is on disk before', async () => {
  await using state = await temporaryDirectory()
  const seen: string[] = []
  const test = await startTestDaemon(state, {
    now,
    config: scheduled,
    onLaunch: () => seen.push(readFileSync(state.in('schedule.json'), 'utf8')),
  })
  const launch = await test.launched(1)
  expect(launch).toMatchObject({ source: 'shop', kind: 'full' })
  expect(launch.at.toISOString()).toMatch(/^2027-01-05T02:0/)
  expect(JSON.parse(seen[0]!).sources.shop.kinds.full.begun).toMatch(/^2027-01-05T02:0/)
  expect((await test.daemon.answer({ ask: 'status' })) as any).toMatchObject({
    sources: [{ source: 'shop', last: null }],
  })
  launch.end(done('full'))
  await test.passes(5)
  expect(await test.stop()).toEqual({ done: 1, failed: 0 })
  expect(test.launches).toHaveLength(1)
  const { kinds, last } = (await memoryIn(state)).shop
  expect(kinds.full).toEqual({ served: expect.stringMatching(/^2027-01-05T02:0/), failures: 0 })
  expect(last).toMatchObject({ outcome: 'succeeded', mode: 'full', snapshot: 'S.N' })
})

test('a run that died without a word is tried again after a minute, then two, and the log says when', async () => {
  await using state = await temporaryDirectory()
  const test = await startTestDaemon(state, { now, config: scheduled })
  for (let n = 1; n <= 3; n++) (await test.launched(n)).end({ signal: 'SIGKILL', said: 'out of\nmemory' })
  const waits = test.launches.map(({ at }) => at.getTime() / 60_000)
  expect(waits[1]! - waits[0]!).toBeGreaterThanOrEqual(0.99)
  expect(waits[2]! - waits[1]!).toBeGreaterThanOrEqual(1.99)
  await test.stop()
  expect(test.messages().find(message => /failed/.test(message))).toMatch(
    /^shop: full backup failed: its process was killed \(SIGKILL\); it said: memory \(again at 2027-01-05T02:0\d:\d\dZ\)$/,
  )
})

test('a backup that somebody else makes is waited for, said once, and not made again when the receiver has it', async () => {
  await using state = await temporaryDirectory()
  let head: object | null = null
  const test = await startTestDaemon(state, {
    now,
    config: scheduled,
    heads: () => ({ data: head, log: null }),
  })
  for (let n = 1; n <= 3; n++) {
    const launched = await test.launched(n)
    if (n === 3) head = { kind: 'full', receivedAt: '2027-01-05T02:02:30.000Z' }
    launched.end(failed(6, 'source-held', true))
  }
  await test.passes(10)
  await test.stop()
  expect(test.launches).toHaveLength(3)
  expect(test.messages()).toContain('shop: the full backup that was due is with the receiver already')
  expect(test.messages().filter(message => /has to wait/.test(message))).toHaveLength(1)
  expect((await memoryIn(state)).shop.last).toBeUndefined()
})

test('a run that was going on when the process before died is not made again if it came through', async () => {
  for (const [receivedAt, launches] of [
    ['2027-01-05T02:40:00.000Z', 0],
    ['2027-01-04T02:10:00.000Z', 1],
  ] as const) {
    await using state = await temporaryDirectory()
    const began = { served: '2027-01-04T02:00:00.000Z', begun: '2027-01-05T02:00:00.000Z', failures: 0 }
    await remember(state, began)
    const test = await startTestDaemon(state, {
      now: '2027-01-05T03:00:00Z',
      config: scheduled,
      heads: () => ({ data: { kind: 'full', receivedAt }, log: null }),
    })
    await test.passes(5)
    for (const launch of test.launches) launch.end(done('full'))
    await test.stop()
    expect(test.launches, receivedAt).toHaveLength(launches)
  }
})

test('a run that outlived its daemon is not made again when it comes through after the next one has started', async () => {
  await using state = await temporaryDirectory()
  await remember(state, { served: '2027-01-04T02:00:00.000Z', begun: '2027-01-05T02:00:00.000Z', failures: 0 })
  let head: object = { kind: 'full', receivedAt: '2027-01-04T02:30:00.000Z' }
  const config = scheduled.map(line => line.replace('* * *"', '* * *", catchUp: false'))
  const test = await startTestDaemon(state, {
    now: '2027-01-05T03:00:00Z',
    config,
    heads: () => ({ data: head, log: null }),
  })
  await test.passes(0.4)
  head = { kind: 'full', receivedAt: '2027-01-05T03:00:20.000Z' }
  await test.passes(5)
  await test.stop()
  expect(test.launches).toHaveLength(0)
  expect((await memoryIn(state)).shop.kinds.full).toEqual({ served: '2027-01-05T03:00:20.000Z', failures: 0 })
})

test('a receiver that is away keeps no run from starting, and is said once, and once more when it is back', async () => {
  await using state = await temporaryDirectory()
  let away = true
  const test = await startTestDaemon(state, {
    now: '2027-01-05T01:00:00Z',
    speed: 2000,
    config: scheduled,
    heads: () => {
      if (away) throw new Failure('receiver-unreachable', 'The receiver cannot be reached', { retriable: true })
      return { data: null, log: null }
    },
  })
  ;(await test.launched(1)).end(done('full'))
  away = false
  await test.passes(70)
  await test.stop()
  expect(test.messages().filter(message => /No word with the receiver/.test(message))).toHaveLength(1)
  expect(test.messages().filter(message => /answers again/.test(message))).toHaveLength(1)
  expect(test.calls.filter(call => call === 'sources').length).toBeGreaterThanOrEqual(1)
})

test('at the end, a run that does not end in ten seconds is killed, and comes first at the next start', async () => {
  await using state = await temporaryDirectory()
  const first = await startTestDaemon(state, { now, config: scheduled })
  const launch = await first.launched(1)
  const before = performance.now()
  await first.stop()
  expect(performance.now() - before).toBeLessThan(2000)
  expect(launch.killed).toEqual(['SIGTERM', 'SIGKILL'])
  expect((await memoryIn(state)).shop.kinds.full).toMatchObject({ begun: expect.any(String), failures: 0 })
  expect((await memoryIn(state)).shop.last).toMatchObject({ outcome: 'cancelled' })

  const second = await startTestDaemon(state, { now: '2027-01-05T02:10:00Z', config: scheduled })
  const again = await second.launched(1)
  expect(again.at.toISOString()).toMatch(/^2027-01-05T02:1/)
  again.end(done('full'))
  await second.stop()
})

test('nothing is started any more once it was told to end', async () => {
  await using state = await temporaryDirectory()
  await remember(state, { served: '2027-01-01T02:00:00.000Z', failures: 0 })
  const test = await startTestDaemon(state, { now, config: scheduled })
  await test.stop()
  expect(test.launches).toHaveLength(0)
  expect((await test.daemon.answer({ ask: 'cancel' })) ?? null).toBeNull()
})

test('a memory that cannot be written is said, and keeps no run from starting', async () => {
  await using state = await temporaryDirectory()
  const test = await startTestDaemon(state, { now, config: scheduled })
  await test.passes(0.5)
  await rm(state.in('schedule.json'))
  await mkdir(state.in('schedule.json'))
  ;(await test.launched(1)).end(done('full'))
  await test.passes(1)
  await test.stop()
  expect(test.messages()).toContainEqual(expect.stringContaining('cannot be remembered over a restart'))
})

test('a permanent failure waits for the next day; a source without a schedule is left alone', async () => {
  await using state = await temporaryDirectory()
  const config = [...scheduled, '  crm:', '    engine: mysql', '    connection: { host: h, port: 1, user: u }']
  const test = await startTestDaemon(state, { now, config })
  ;(await test.launched(1)).end(failed(2, 'config-invalid'))
  await test.passes(5)
  const status: any = await test.daemon.answer({ ask: 'status' })
  expect(status.sources).toEqual([
    {
      source: 'shop',
      engine: 'mysql',
      next: [{ mode: 'full', at: '2027-01-06T02:00:00.000Z' }],
      owed: [],
      last: expect.objectContaining({ outcome: 'failed', code: 'config-invalid' }),
    },
    { source: 'crm', engine: 'mysql', next: [], owed: [], last: null },
  ])
  expect(await test.stop()).toEqual({ done: 0, failed: 1 })
})

test('a configuration that is half written is not read, one that is gone is not believed', async () => {
  await using state = await temporaryDirectory()
  const test = await startTestDaemon(state, { now: '2027-01-05T03:00:00Z', config: scheduled })
  await test.passes(1)
  await rm(state.in('failsafe.yaml'))
  await test.passes(1)
  const gone: any = await test.daemon.answer({ ask: 'status' })
  expect(gone.config.problem).toContain('There is no configuration file')
  expect(gone.sources).toHaveLength(1)
  await writeFile(state.in('failsafe.yaml'), `state: { dir: ${state.path} }\n${shop.join('\n')}\n`, { mode: 0o600 })
  await appendFile(state.in('failsafe.yaml'), '    schedule: { full: "0 4 * * *" }\n')
  await test.passes(1)
  const back: any = await test.daemon.answer({ ask: 'status' })
  expect(back.config.problem).toBeNull()
  expect(back.sources[0].next).toEqual([{ mode: 'full', at: '2027-01-05T04:00:00.000Z' }])
  await test.stop()
})
