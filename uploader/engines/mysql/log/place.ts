import type { UnitEntry } from '../../../../shared/snapshot.ts'
import { type Login, Server } from '../connection/server.ts'
import type { Inventory } from '../inventory.ts'
import type { Moment } from '../moment/moment.ts'
import { newPlace, type Place } from '../position.ts'
import { ServerError } from '../wire/server-error.ts'
import { type LogHead, readLogHead } from './head.ts'
import { differenceFrom } from './history.ts'
import { reasonOf } from './session.ts'
import { LogDamage } from './walk.ts'

/**
 * Where a full lies in the history of the log: in the one that the last backup knew, where the log still is the same, else in one that begins
 * with this full. A full never fails for it: who may not read the log, or finds it encrypted or damaged, begins a new history, which costs nothing as no log can be
 * backed up then.
 */
export async function placeOf(
  { login, control, signal }: { login: Login; control: Server; signal: AbortSignal },
  inventory: Inventory,
  moment: Pick<Moment, 'log' | 'time'>,
  last: UnitEntry | undefined,
): Promise<Place> {
  if (!moment.log) return newPlace(inventory, moment, null)
  const head = await headOf(login, inventory, moment.log.file, signal)
  const created = head?.created ?? null
  if (!head || !last) return newPlace(inventory, moment, created)
  const open = () => Server.connect(login, signal)
  const difference = await differenceFrom(last, inventory, { control, open }).catch(error => {
    if (!(error instanceof LogDamage)) throw error
    return reasonOf(error)
  })
  return difference ? newPlace(inventory, moment, created) : { stream: last.to.stream, created }
}

async function headOf(
  login: Login,
  inventory: Inventory,
  file: string,
  signal: AbortSignal,
): Promise<LogHead | undefined> {
  try {
    return await readLogHead(await Server.connect(login, signal), inventory.flavour, file)
  } catch (error) {
    if (error instanceof ServerError || error instanceof LogDamage) return undefined
    throw error
  }
}
