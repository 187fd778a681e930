import type { HelperOptions } from './helper/helper.ts'
import { withNotes } from './helper/with-notes.ts'
import type { Inventory } from './inventory.ts'
import { estimateObjects } from './place/daos.ts'
import { readInstance, requireOutside } from './place/instance.ts'
import { walk } from './place/walk.ts'
import type { Settings } from './settings.ts'

/** @throws Failure where the partition is not found, Domino does not answer, or the directory for copies lies in its data */
export async function inspect(settings: Settings, signal: AbortSignal, options: HelperOptions): Promise<Inventory> {
  const instance = await readInstance(settings)
  await requireOutside(settings.directory, instance)
  const style = await withNotes(instance, settings, signal, options, helper => helper.ask('style', {}, { signal }))
  const inventory: Inventory = {
    instance,
    style,
    databases: 0,
    databaseBytes: 0,
    fileBytes: 0,
    ...(await estimateObjects(instance.daos)),
  }
  // What is in the way is told of by the run that meets it.
  for await (const { kind, size } of walk(
    instance,
    { exclude: settings.exclude, quick: true, trouble: () => {} },
    signal,
  )) {
    if (kind === 'file') inventory.fileBytes += size
    else {
      inventory.databases += 1
      inventory.databaseBytes += size
    }
  }
  return inventory
}
