import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { HostedFunction } from '../../infra/local/functions/function.ts'
import type { Plan } from '../../infra/local/plan/plan.ts'
import { readSchedule } from '../../infra/local/schedule/expression.ts'
import { startScheduler } from '../../infra/local/schedule/scheduler.ts'
import { seed, times } from '../support/counts.ts'

const next = (expression: string, after: string) => readSchedule(expression).next(new Date(after))?.toISOString()

describe('when a rule fires', () => {
  test.each([
    ['rate(5 minutes)', '2026-11-22T10:07:00Z', '2026-11-22T10:10:00.000Z'],
    ['rate(5 minutes)', '2026-11-22T10:10:00Z', '2026-11-22T10:15:00.000Z'],
    ['rate(1 hour)', '2026-11-22T23:30:00Z', '2026-11-23T00:00:00.000Z'],
    ['rate(1 day)', '2026-12-31T00:00:01Z', '2027-01-01T00:00:00.000Z'],
    ['cron(15 10 * * ? *)', '2026-11-22T10:15:00Z', '2026-11-23T10:15:00.000Z'],
    ['cron(0 18 ? * MON-FRI *)', '2026-11-21T00:00:00Z', '2026-11-23T18:00:00.000Z'],
    ['cron(0 18 ? * 2-6 *)', '2026-11-21T00:00:00Z', '2026-11-23T18:00:00.000Z'],
    ['cron(0 8 ? * 1 *)', '2026-11-16T00:00:00Z', '2026-11-22T08:00:00.000Z'],
    ['cron(0/10 * 1 * ? *)', '2026-11-30T00:00:00Z', '2026-12-01T00:00:00.000Z'],
    ['cron(5/20 9-17 ? * 2-6/2 *)', '2026-11-23T17:50:00Z', '2026-11-25T09:05:00.000Z'],
    ['cron(0 0 1 1 ? 2028)', '2026-11-22T00:00:00Z', '2028-01-01T00:00:00.000Z'],
    ['cron(0 0 1 1 ? 2020)', '2026-11-22T00:00:00Z', undefined],
  ])('%s after %s is %s', (expression, after, expected) => {
    expect(next(expression, after)).toBe(expected)
  })

  test('a rate keeps its beat whenever it is asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 10_000 }),
        fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') }),
        (n, after) => {
          const interval = n * 60_000
          const found = readSchedule(`rate(${n} minutes)`).next(after)!.getTime()
          expect(found % interval).toBe(0)
          expect(found - after.getTime()).toBeGreaterThan(0)
          expect(found - after.getTime()).toBeLessThanOrEqual(interval)
        },
      ),
      { seed, numRuns: times(1000) },
    )
  })

  test.each([
    'rate(1 minutes)',
    'rate(5 minute)',
    'rate(0 minutes)',
    'rate(5 weeks)',
    'cron(0 0 * * * *)',
    'cron(0 0 ? * ? *)',
    'cron(0 0 * * ?)',
    'cron(0 0 L * ? *)',
    'cron(0 0 ? * 6#3 *)',
    'at(2026-11-22T00:00:00)',
    '*/5 * * * *',
  ])('%s is refused', expression => {
    expect(() => readSchedule(expression)).toThrow(`unknown form of schedule: ${expression}`)
  })
})

describe('the scheduler', () => {
  const place = {
    account: '000000000000',
    region: 'us-east-1',
    partition: 'aws',
    stackName: 'S',
    stackUuid: 'u',
    url: 'http://127.0.0.1:1',
  }
  const rule = 'arn:aws:events:us-east-1:000000000000:rule/r'
  const planOf = (ScheduleExpression = 'rate(5 minutes)', SourceArn = rule) =>
    ({
      functions: [{ logicalId: 'watchdogFunction01234567', arn: 'fn' }],
      rules: [{ logicalId: 'Rule', arn: rule, properties: { ScheduleExpression, Targets: [{ Arn: 'fn' }] } }],
      permissions: [{ properties: { FunctionName: 'fn', Principal: 'events.amazonaws.com', SourceArn } }],
    }) as unknown as Plan
  /** A function that runs until the test ends it. */
  const invocations: { event: any; end(result?: unknown): void; fail(error: Error): void }[] = []
  const hosted = {
    invoke: (event: unknown) =>
      new Promise((end, fail) => {
        invocations.push({ event, end, fail })
      }),
  } as HostedFunction
  let clock: Date
  const lines: string[] = []
  const start = (plan = planOf(), timer = true) =>
    startScheduler(plan, new Map([['fn', hosted]]), { place, now: () => clock, timer, log: line => lines.push(line) })
  const at = async (time: string) => {
    clock = new Date(time)
    await vi.advanceTimersByTimeAsync(1000)
  }

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    invocations.length = 0
    lines.length = 0
    clock = new Date('2026-11-22T10:03:00Z')
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test("starts a function by the cloud's clock, with the event that EventBridge sends", async () => {
    const scheduler = start()
    await at('2026-11-22T10:04:59Z')
    expect(invocations).toHaveLength(0)
    await at('2026-11-22T10:05:00Z')
    expect(invocations.map(({ event }) => event)).toEqual([
      {
        version: '0',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        'detail-type': 'Scheduled Event',
        source: 'aws.events',
        account: '000000000000',
        time: '2026-11-22T10:05:00Z',
        region: 'us-east-1',
        resources: [rule],
        detail: {},
      },
    ])
    scheduler.close()
    await at('2026-11-22T11:00:00Z')
    expect(invocations).toHaveLength(1)
  })

  test('fires once when its clock was moved over many times, and goes on when it was put back', async () => {
    const scheduler = start()
    await at('2026-12-22T10:03:00Z')
    expect(invocations).toHaveLength(1)
    invocations[0]!.end()
    await at('2026-12-22T10:05:00Z')
    expect(invocations).toHaveLength(2)
    invocations[1]!.end()
    await at('2026-11-22T10:06:00Z')
    expect(invocations).toHaveLength(2)
    await at('2026-11-22T10:10:00Z')
    expect(invocations).toHaveLength(3)
    scheduler.close()
  })

  test('leaves a function alone that still runs, and says so', async () => {
    const scheduler = start()
    await at('2026-11-22T10:05:00Z')
    await at('2026-11-22T10:10:00Z')
    expect(invocations).toHaveLength(1)
    expect(lines).toEqual(['2026-11-22T10:10:00.000Z watchdogFunction01234567 is due and still runs: dropped'])
    invocations[0]!.fail(new Error('no luck'))
    await at('2026-11-22T10:15:00Z')
    expect(invocations).toHaveLength(2)
    expect(lines[1]).toBe('2026-11-22T10:15:00.000Z watchdogFunction01234567: no luck')
    scheduler.close()
  })

  test('starts one for a test after what runs of it, and hands over what it answers', async () => {
    const scheduler = start(planOf(), false)
    await at('2026-11-22T10:05:00Z')
    expect(invocations, 'without its timer').toHaveLength(0)
    const [first, second] = [scheduler.fire('watchdog'), scheduler.fire('watchdog')]
    await vi.waitFor(() => expect(invocations).toHaveLength(1))
    invocations[0]!.fail(new Error('no luck'))
    await expect(first).rejects.toThrow('no luck')
    await vi.waitFor(() => expect(invocations).toHaveLength(2))
    invocations[1]!.end('answer')
    expect(await second).toBe('answer')
    await expect(scheduler.fire('janitor')).rejects.toThrow('no rule starts a function called janitor')
  })

  test('refuses a rule that may not start its function, or names no time', () => {
    expect(() => start(planOf(undefined, `${rule}2`))).toThrow('EventBridge has no permission to invoke fn')
    expect(() => start(planOf('rate(soon)'))).toThrow('unknown form of schedule')
  })
})
