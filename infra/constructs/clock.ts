import { Duration } from 'aws-cdk-lib'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import type { ScheduledFunction } from '../functions.ts'

/**
 * Starts a function again and again. An invocation that fails is not tried again, and one that could not start before the next is due is
 * dropped: the next does its work as well.
 */
export class Clock extends Construct {
  constructor(scope: Construct, id: string, { name, everyMinutes }: ScheduledFunction, handler: IFunction) {
    super(scope, id)
    const interval = Duration.minutes(everyMinutes)
    new Rule(this, 'Rule', {
      description: `FailSafe Online Backup: starts ${name}`,
      schedule: Schedule.rate(interval),
      targets: [new LambdaFunction(handler, { retryAttempts: 0, maxEventAge: interval })],
    })
  }
}
