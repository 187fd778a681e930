import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { Log, RequestLine } from './ports.ts'

/** One structured line per request, and metrics in the same stream. Names and levels come from POWERTOOLS_*. */
export function functionLog(): Log {
  const logger = new Logger()
  const metrics = new Metrics()
  return {
    request(line) {
      if (line.status >= 500) logger.error('request', lineOf(line))
      else logger.info('request', lineOf(line))
      metrics.publishStoredMetrics()
    },
    failure(error) {
      logger.error('the receiver failed', error instanceof Error ? error : new Error(String(error)))
    },
    count(metric, amount) {
      metrics.addMetric(metric, metric === 'BytesCommitted' ? MetricUnit.Bytes : MetricUnit.Count, amount)
    },
  }
}

function lineOf(line: RequestLine): { request: RequestLine } {
  return { request: line }
}
