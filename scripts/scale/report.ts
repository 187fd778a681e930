import { fullFrom, restoreFrom, sizeOf } from './compute.ts'
import { GiB, type Measured } from './measure.ts'
import { assumed, prices } from './prices.ts'
import { costOf, type Requests } from './requests.ts'

const MiB = 1024 ** 2
const TiB = 1024 ** 4
const logsADay = 96

/** The table of `docs/scale.md`, as Markdown. */
export function report(measured: Measured): string {
  const sizes = [100 * GiB, 5 * TiB].map(bytes => sizeOf(bytes))
  const [hundred] = sizes
  const restore = restoreFrom(measured, hundred!, { count: logsADay / 2, bytes: MiB })
  const rows = [
    rowOf('a log backup of up to 16 MiB', 'counted', measured.log),
    rowOf(`the same every 15 minutes for 30 days`, 'computed', times(measured.log, logsADay * 30)),
    rowOf('a full of 1 GiB', 'counted', measured.gib, GiB),
    ...sizes.map(size =>
      rowOf(`a full of ${nameOf(size.bytes)}`, `computed: ${describe(size)}`, fullFrom(measured, size), size.bytes),
    ),
    rowOf('a restore of a full of 100 GiB and 48 logs of 1 MiB', 'computed', restore),
    rowOf('the same without what goes to the Internet', 'computed', { ...restore, egressBytes: 0 }),
  ]
  const pieces: [string, Requests][] = [
    ['smallest full: one part', measured.smallest],
    ['each further part', measured.part],
    ['each further window of 64 parts', measured.window],
    ['each further pack of 1,000 parts', measured.pack],
    ['each renewal of the lease', measured.renewal],
    ['restore of a full, by a link', measured.restore],
    ['each further log or pack of a restore', measured.restoredLog],
  ]
  return [
    '| what | how | API and Lambda calls | S3 writes | S3 reads | DynamoDB requests | read units | write units | requests, $ | storage, $ a month |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    'The pieces, counted:',
    '',
    '| piece | calls | S3 writes | S3 reads | DynamoDB requests | read units | write units |',
    '|---|---|---|---|---|---|---|',
    ...pieces.map(([name, requests]) => line([name, ...figures(requests)])),
    '',
    `Prices, in dollars (us-east-1, no free tier): S3 ${perMillion(prices.s3Write)} a million writes, ${perMillion(prices.s3Read)} a million reads, ` +
      `${prices.s3GbMonth} a GB and month; HTTP API ${perMillion(prices.apiCall)} and Lambda ${perMillion(prices.lambdaCall)} a million calls, ` +
      `${prices.lambdaGbSecond} a GB-second; DynamoDB ${perMillion(prices.tableWrite)} a million write units, ${perMillion(prices.tableRead)} a million read units; ` +
      `${prices.egressGb} a GB to the Internet. Taken, not measured: ${assumed.callSeconds} s a call at ${assumed.functionGb} GB; ` +
      `an upload of ${assumed.uploadMegabits} Mbit/s, by which leases are renewed.`,
  ].join('\n')
}

function rowOf(what: string, how: string, requests: Requests, stored = 0): string {
  const storage = stored === 0 ? '' : dollars((stored / 1e9) * prices.s3GbMonth)
  return line([what, how, ...figures(requests), dollars(costOf(requests)), storage])
}

function figures({ calls, s3Writes, s3Reads, table, tableReadUnits, tableWriteUnits }: Requests): string[] {
  return [calls, s3Writes, s3Reads, table, tableReadUnits, tableWriteUnits].map(figure =>
    (Math.round(figure * 10) / 10).toLocaleString('en-US'),
  )
}

function times(requests: Requests, count: number): Requests {
  return Object.fromEntries(
    Object.entries(requests).map(([name, figure]) => [name, figure * count]),
  ) as unknown as Requests
}

function describe({ partSize, parts, packs }: ReturnType<typeof sizeOf>): string {
  return `${parts.toLocaleString('en-US')} parts of ${partSize / MiB} MiB, ${packs} packs`
}

function nameOf(bytes: number): string {
  return bytes >= TiB ? `${bytes / TiB} TiB` : `${bytes / GiB} GiB`
}

function dollars(amount: number): string {
  return amount >= 1 ? amount.toFixed(2) : amount.toPrecision(2)
}

function perMillion(price: number): string {
  return String(Math.round(price * 1e9) / 1000)
}

function line(cells: string[]): string {
  return `| ${cells.join(' | ')} |`
}
