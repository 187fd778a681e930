import { Duration } from 'aws-cdk-lib'
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import type { ITopic } from 'aws-cdk-lib/aws-sns'
import { Construct } from 'constructs'
import type { FunctionDefinition } from '../functions.ts'
import type { ReceiverApi } from './receiver-api.ts'

const minutes = (count: number) => Duration.minutes(count)
/** Seconds before its end at which a scheduled function that works on is in trouble: it stops by itself a minute before. */
const closeToTimeout = 20
/** Percent of all answers that are a failure of the receiver's own. */
const tooManyFailures = 5

/** What wakes the provider: told to the topic when it begins and when it is over. Each says what it means and where to look. */
export class Alarms extends Construct {
  readonly #action: SnsAction

  constructor(scope: Construct, id: string, topic: ITopic) {
    super(scope, id)
    this.#action = new SnsAction(topic)
  }

  watchApi(api: ReceiverApi): void {
    // On average, over every answer: the share of those that failed.
    const failures = api.serverErrors({ statistic: 'Average', period: minutes(5) })
    this.#raise('ApiFailures', failures, {
      above: tooManyFailures / 100,
      periods: 3,
      of: 2,
      text: `More than ${tooManyFailures} % of the calls were answered with a 5xx. Agents retry; look at the logs of the functions.`,
    })
  }

  watchFunction(definition: FunctionDefinition, handler: LambdaFunction): void {
    const { name } = definition
    const sum = { statistic: 'Sum', period: minutes(5) }
    this.#raise(`${name}Errors`, handler.metricErrors(sum), {
      above: 0,
      text: `${name} crashed or timed out. Its log says why.`,
    })
    this.#raise(`${name}Throttles`, handler.metricThrottles(sum), {
      above: 0,
      text: `${name} could not start: the account or the function is at its limit of invocations at once.`,
    })
    if (definition.callers !== 'clock') return
    this.#raise(`${name}Idle`, handler.metricInvocations({ statistic: 'Sum', period: minutes(60) }), {
      below: 1,
      missing: TreatMissingData.BREACHING,
      text: `${name} was not started for an hour. Is its rule in EventBridge enabled?`,
    })
    const longest = handler.metricDuration({ statistic: 'Maximum', period: minutes(15) })
    this.#raise(`${name}Slow`, longest, {
      above: (definition.timeoutMinutes * 60 - closeToTimeout) * 1000,
      text: `${name} does not get through its work in ${definition.timeoutMinutes} minutes.`,
    })
  }

  watchCatalogue(table: Table): void {
    const often = { above: 0, periods: 3, of: 2 }
    const sum = { statistic: 'Sum', period: minutes(5) }
    for (const kind of ['Read', 'Write'])
      this.#raise(`Catalogue${kind}Throttles`, table.metric(`${kind}ThrottleEvents`, sum), {
        ...often,
        text: `DynamoDB throttles the catalogue (${kind}): more requests at once than it has ever seen, or than its limit allows.`,
      })
    // One alarm each: DynamoDB reports an operation only while it fails, and a sum with a part missing is missing itself.
    for (const Operation of ['GetItem', 'PutItem', 'UpdateItem', 'Query', 'TransactWriteItems']) {
      const dimensionsMap = { TableName: table.tableName, Operation }
      this.#raise(`Catalogue${Operation}Errors`, table.metric('SystemErrors', { ...sum, dimensionsMap }), {
        ...often,
        text: `DynamoDB answers ${Operation} with errors of its own. Agents retry; look at the AWS Health dashboard.`,
      })
    }
  }

  #raise(
    id: string,
    metric: IMetric,
    alarm: { text: string; periods?: number; of?: number; missing?: TreatMissingData } & (
      | { above: number }
      | { below: number }
    ),
  ): void {
    const { text, periods = 1, of = periods, missing = TreatMissingData.NOT_BREACHING } = alarm
    const raised = new Alarm(this, id, {
      metric,
      alarmDescription: `FailSafe Online Backup: ${text}`,
      ...('above' in alarm
        ? { threshold: alarm.above, comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD }
        : { threshold: alarm.below, comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD }),
      evaluationPeriods: periods,
      datapointsToAlarm: of,
      treatMissingData: missing,
    })
    raised.addAlarmAction(this.#action)
    raised.addOkAction(this.#action)
  }
}
