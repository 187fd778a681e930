import { Command, InvalidArgumentError } from 'commander'
import type { z } from 'zod'
import { formatBytes, parseBytes } from '../shared/amount.ts'
import { type QuotaRequest, QuotaResponse } from '../shared/api/usage.ts'
import { Failure } from '../shared/failure.ts'
import { type Common, perform, table, verb } from './verb.ts'

interface Options extends Common {
  soft?: number | null
  hard?: number | null
  dailyDownload?: number | null
}

export function quota(): Command {
  return new Command('quota')
    .description('how much a customer may store and fetch')
    .helpOption('-h, --help', 'this help')
    .addCommand(set())
    .addCommand(show())
}

function set(): Command {
  return verb(
    'set',
    'Sets what a customer may store. What is not named stays as it is.',
    'failsafe-admin quota set acme --soft 500GB --hard 1TB --daily-download 200GB',
  )
    .argument('<tenant>', 'its id')
    .option('--soft <bytes>', 'above it you are told; none: never', amount)
    .option('--hard <bytes>', 'above it uploads are refused (logs 5 % later); none: never', amount)
    .option('--daily-download <bytes>', 'what each agent may fetch in a day; none: the default of the receiver', amount)
    .action((tenant: string, { soft, hard, dailyDownload, ...options }: Options) =>
      perform(options, async receiver => {
        if (soft === undefined && hard === undefined && dailyDownload === undefined)
          throw new Failure('usage', 'There is nothing to set', { fix: 'Give --soft, --hard or --daily-download' })
        const before = await receiver.call('GET', targetOf(tenant), QuotaResponse)
        const request: z.input<typeof QuotaRequest> = {
          softBytes: soft === undefined ? before.softBytes : soft,
          hardBytes: hard === undefined ? before.hardBytes : hard,
          dailyDownloadBytes: dailyDownload === undefined ? before.dailyDownloadBytes : dailyDownload,
        }
        const made = await receiver.call('PUT', targetOf(tenant), QuotaResponse, request)
        return { json: made, lines: describe(made) }
      }),
    )
}

function show(): Command {
  return verb('show', 'Shows what a customer may store, and stores.', 'failsafe-admin quota show acme')
    .argument('<tenant>', 'its id')
    .action((tenant: string, options: Common) =>
      perform(options, async receiver => {
        const found = await receiver.call('GET', targetOf(tenant), QuotaResponse)
        return { json: found, lines: describe(found) }
      }),
    )
}

const targetOf = (tenant: string) => `/v1/admin/tenants/${encodeURIComponent(tenant)}/quota`

function describe({ softBytes, hardBytes, dailyDownloadBytes, usedBytes }: z.output<typeof QuotaResponse>): string[] {
  const written = (bytes: number | null, none: string) => (bytes === null ? none : formatBytes(bytes))
  return table([
    ['stored', formatBytes(usedBytes)],
    ['soft quota', written(softBytes, 'none')],
    ['hard quota', written(hardBytes, 'none')],
    ['daily download', written(dailyDownloadBytes, "the receiver's default")],
  ])
}

/** Bytes in `500GB`, or null for `none`, for commander. */
export function amount(text: string): number | null {
  if (text === 'none') return null
  const bytes = parseBytes(text)
  if (bytes === undefined) throw new InvalidArgumentError('Give an amount such as 500GB, 1.5TB or 64GiB, or none.')
  return bytes
}
