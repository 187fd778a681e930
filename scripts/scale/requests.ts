import { assumed, prices } from './prices.ts'

/** What AWS bills for one piece of work, but for storage. */
export interface Requests {
  /** API Gateway and Lambda. */
  calls: number
  s3Writes: number
  s3Reads: number
  table: number
  tableReadUnits: number
  tableWriteUnits: number
  egressBytes: number
}

export const nothing: Requests = {
  calls: 0,
  s3Writes: 0,
  s3Reads: 0,
  table: 0,
  tableReadUnits: 0,
  tableWriteUnits: 0,
  egressBytes: 0,
}

/** Each figure of some requests from the same figures of others. */
function each(figure: (name: keyof Requests) => number): Requests {
  return Object.fromEntries(
    Object.keys(nothing).map(name => [name, figure(name as keyof Requests)]),
  ) as unknown as Requests
}

/** `a` and `times` times `b`. */
export function plus(a: Requests, b: Requests, times = 1): Requests {
  return each(name => a[name] + times * b[name])
}

export function minus(a: Requests, b: Requests): Requests {
  return plus(a, b, -1)
}

/** US dollars. */
export function costOf(requests: Requests): number {
  const { calls, s3Writes, s3Reads, tableReadUnits, tableWriteUnits, egressBytes } = requests
  const perCall = prices.apiCall + prices.lambdaCall + assumed.functionGb * assumed.callSeconds * prices.lambdaGbSecond
  return (
    calls * perCall +
    s3Writes * prices.s3Write +
    s3Reads * prices.s3Read +
    tableReadUnits * prices.tableRead +
    tableWriteUnits * prices.tableWrite +
    (egressBytes / 1e9) * prices.egressGb
  )
}
