import { Command } from 'commander'
import type { z } from 'zod'
import { type RebuildRequest, RebuildResponse } from '../shared/api/rebuild.ts'
import { type Common, perform, verb } from './verb.ts'

export function catalogue(): Command {
  return new Command('catalogue')
    .description('the table of what is stored')
    .helpOption('-h, --help', 'this help')
    .addCommand(rebuild())
}

function rebuild(): Command {
  return verb(
    'rebuild',
    'Puts back into the catalogue what the vault proves was committed. It changes nothing that is there.',
    'failsafe-admin catalogue rebuild',
  )
    .option('--from <cursor>', 'go on where an earlier one was interrupted')
    .action(({ from, ...options }: Common & { from?: string }) =>
      perform(options, async receiver => {
        const sum: Omit<z.output<typeof RebuildResponse>, 'cursor'> = {
          restored: 0,
          present: 0,
          skipped: [],
          notes: [],
        }
        let cursor: string | null = from ?? null
        do {
          const request: z.input<typeof RebuildRequest> = cursor === null ? {} : { cursor }
          const page: z.output<typeof RebuildResponse> = await receiver.call(
            'POST',
            '/v1/admin/catalogue/rebuild',
            RebuildResponse,
            request,
          )
          sum.restored += page.restored
          sum.present += page.present
          sum.skipped.push(...page.skipped)
          sum.notes.push(...page.notes)
          cursor = page.cursor
          if (cursor !== null)
            process.stderr.write(
              `${sum.restored} put back, ${sum.present} there already, ${sum.skipped.length} skipped; to go on from here: --from ${cursor}\n`,
            )
        } while (cursor !== null)
        return { json: sum, lines: describe(sum) }
      }),
    )
}

function describe({ restored, present, skipped, notes }: Omit<z.output<typeof RebuildResponse>, 'cursor'>): string[] {
  return [
    ...skipped.map(({ key, why }) => `skipped ${key}: ${why}`),
    ...notes.map(note => `note: ${note}`),
    restored === 0 && skipped.length === 0
      ? `Nothing was missing: ${present} snapshots are in the catalogue.`
      : `${restored} snapshots were put back; ${present} were there already; ${skipped.length} entries were skipped.`,
  ]
}
