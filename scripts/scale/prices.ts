/**
 * US dollars, us-east-1, without free tiers and volume discounts. Read in stored copies of public pages in November 2026: DynamoDB on demand in AWS's
 * own, the others in overviews of 2024 to 2026 that agree with each other. Check them against AWS's price list before quoting them.
 */
export const prices = {
  /** S3 Standard, of each request: PUT, COPY, POST, LIST; GET, HEAD and all others. Deletes are free. */
  s3Write: 0.005 / 1000,
  s3Read: 0.0004 / 1000,
  /** S3 Standard, a GB (10⁹ bytes) for a month. */
  s3GbMonth: 0.023,
  /** API Gateway, HTTP API, up to 512 KB each. */
  apiCall: 1 / 1e6,
  lambdaCall: 0.2 / 1e6,
  /** arm64. */
  lambdaGbSecond: 0.0000133334,
  /** DynamoDB on demand, of each unit. */
  tableWrite: 0.625 / 1e6,
  tableRead: 0.125 / 1e6,
  /** To the Internet, a GB. */
  egressGb: 0.09,
}

/** Not measured, because this machine is not Lambda: memory of the functions, and seconds that a call is taken to last. */
export const assumed = { functionGb: 0.5, callSeconds: 0.15, uploadMegabits: 100 }
