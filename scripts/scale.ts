import { readFile, writeFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { fullFrom, sizeOf } from './scale/compute.ts'
import { GiB, measure } from './scale/measure.ts'
import { replaceBetween } from './scale/replace-between.ts'
import { report } from './scale/report.ts'

/**
 * Counts what the receiver asks of AWS for backups and restores, computes the sizes that this machine cannot run, and writes the table of
 * `docs/scale.md`. Only the counts come from here: prices are those of `scale/prices.ts`.
 */
const file = new URL('../docs/scale.md', import.meta.url)

const measured = await measure()
const computed = fullFrom(measured, { ...sizeOf(GiB + 1, 0), renewals: 0 })
if (!isDeepStrictEqual(computed, measured.gib))
  throw new Error(
    `What is computed for 1 GiB is not what was counted: ${JSON.stringify(computed)}, ${JSON.stringify(measured.gib)}`,
  )
const table = report(measured)
console.log(table)
await writeFile(file, replaceBetween(await readFile(file, 'utf8'), 'requests', table))
