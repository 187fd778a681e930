import { randomUUID } from 'node:crypto'
import type { HostedFunction } from '../functions/function.ts'
import { compilePattern } from '../iam/pattern.ts'
import type { Place } from '../plan/identity.ts'
import type { Plan } from '../plan/plan.ts'
import { readSchedule, type Schedule } from './expression.ts'

export interface Scheduler {
  /**
   * Starts a function now, as its rule would, after what is running of it.
   * @param name as in the stack, e.g. `janitor`
   * @returns what it answered
   * @throws InvocationError if it fails; Error if no rule starts it
   */
  fire(name: string): Promise<unknown>
  /** Nothing is started any more. What runs is the functions' own to end. */
  close(): void
}

interface SchedulerOptions {
  place: Place
  now: () => Date
  /** Whether rules fire by themselves. */
  timer: boolean
  /** Told what failed, and what was dropped. */
  log(line: string): void
}

interface Target {
  /** Logical id of the function. */
  logicalId: string
  ruleArn: string
  schedule: Schedule
  next: Date | undefined
  hosted: HostedFunction
  running: Promise<unknown> | undefined
}

/** How often the cloud's clock is looked at, in milliseconds of the machine's. */
const tick = 500

/**
 * The rules of EventBridge. They go by the cloud's clock: if that is moved over several times at which a rule would have fired, it fires once.
 * A function that still runs when it is due again is left alone, as with its reserved concurrency of one and events that do not wait.
 * @throws Error for a rule that could not start its function
 */
export function startScheduler(
  plan: Plan,
  functions: Map<string, HostedFunction>,
  options: SchedulerOptions,
): Scheduler {
  const { now, timer, log } = options
  const targets = targetsOf(plan, functions)
  let closed = false
  let seen = now()
  for (const target of targets) target.next = target.schedule.next(seen)

  const start = (target: Target): Promise<unknown> => {
    const running = target.hosted.invoke(eventOf(target, options)).finally(() => {
      if (target.running === running) target.running = undefined
    })
    target.running = running
    return running
  }
  const look = () => {
    const time = now()
    for (const target of targets) {
      if (time < seen) target.next = target.schedule.next(time) // the clock was put back
      if (target.next === undefined || time < target.next) continue
      target.next = target.schedule.next(time)
      if (target.running) log(`${time.toISOString()} ${target.logicalId} is due and still runs: dropped`)
      else
        start(target).catch(error => {
          if (!closed)
            log(`${now().toISOString()} ${target.logicalId}: ${error instanceof Error ? error.message : error}`)
        })
    }
    seen = time
  }
  const interval = timer ? setInterval(look, tick) : undefined
  return {
    async fire(name) {
      const target = targets.find(({ logicalId }) => logicalId.startsWith(`${name.replaceAll('-', '')}Function`))
      if (!target) throw new Error(`no rule starts a function called ${name}`)
      while (target.running) await target.running.catch(() => {}) // how that one ended was told to whoever started it
      return start(target)
    },
    close() {
      closed = true
      clearInterval(interval)
    },
  }
}

function targetsOf(plan: Plan, functions: Map<string, HostedFunction>): Target[] {
  return plan.rules.flatMap(({ logicalId, arn: ruleArn, properties }) => {
    const schedule = readSchedule(properties.ScheduleExpression)
    return properties.Targets.map(({ Arn: arn }): Target => {
      const planned = plan.functions.find(one => one.arn === arn)
      const hosted = functions.get(arn)
      if (!planned || !hosted) throw new Error(`${logicalId}: there is no function ${arn}`)
      const permitted = plan.permissions.some(
        ({ properties: { FunctionName, Principal, SourceArn } }) =>
          Principal === 'events.amazonaws.com' && FunctionName === arn && compilePattern(SourceArn).test(ruleArn),
      )
      if (!permitted) throw new Error(`${logicalId}: EventBridge has no permission to invoke ${arn}`)
      return { logicalId: planned.logicalId, ruleArn, schedule, next: undefined, hosted, running: undefined }
    })
  })
}

function eventOf({ ruleArn }: Target, { place, now }: SchedulerOptions) {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: place.account,
    time: now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z'),
    region: place.region,
    resources: [ruleArn],
    detail: {},
  }
}
