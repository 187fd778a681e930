import { z } from 'zod'
import { text, textOrNull } from '../../row.ts'
import type { Control } from '../connection/control.ts'
import { number } from '../connection/row.ts'
import type { DataFile, Inventory } from '../inventory.ts'
import * as discovery from '../statements/discovery.ts'

/** What whoever restores has to know of the database: which file was where, and what is not in the backup. */
export const Description = z.object({
  format: z.literal('failsafe.oracle-database/1'),
  id: z.string(),
  name: z.string(),
  uniqueName: z.string(),
  instance: z.string(),
  version: z.string(),
  platform: z.string(),
  hasContainers: z.boolean(),
  incarnation: z.object({ id: z.string(), scn: z.string() }),
  dataFiles: z.array(
    z.object({
      number: z.number(),
      path: z.string(),
      tablespace: z.string(),
      container: z.string(),
      bytes: z.number(),
      creationScn: z.string(),
      /** What the server's clock showed. */
      creationTime: z.string(),
      offline: z.boolean(),
    }),
  ),
  tempFiles: z.array(z.object({ path: z.string(), bytes: z.number(), tablespace: z.string(), container: z.string() })),
  redoFiles: z.array(z.object({ group: z.number(), path: z.string() })),
  controlFiles: z.array(z.string()),
  parameters: z.record(z.string(), z.string()),
})
export type Description = z.infer<typeof Description>

/** Of the database as it is when its control file was copied. */
export async function describe(
  control: Control,
  inventory: Inventory,
  dataFiles: readonly DataFile[],
  signal: AbortSignal,
): Promise<Description> {
  const ask = (statement: Parameters<Control['query']>[0]) => control.query(statement, { signal })
  const containers = new Map(inventory.containers.map(({ id, name }) => [id, name]))
  const containerOf = (id: number) => containers.get(id) ?? ''
  const tablespaces = new Map(
    (await ask(discovery.tablespaces)).map(row => [
      `${textOrNull(row, 'con_id')}/${text(row, 'tablespace_number')}`,
      text(row, 'name'),
    ]),
  )
  const { id, name, uniqueName, instance, version, platform, hasContainers, incarnation } = inventory
  return {
    format: 'failsafe.oracle-database/1',
    id,
    name,
    uniqueName,
    instance,
    version,
    platform,
    hasContainers,
    incarnation,
    dataFiles: dataFiles.map(file => ({
      number: file.number,
      path: file.path,
      tablespace: file.tablespace,
      container: containerOf(file.container),
      bytes: file.bytes,
      creationScn: file.creationScn,
      creationTime: file.creationTime,
      offline: file.status === 'OFFLINE' || file.status === 'RECOVER',
    })),
    tempFiles: (await ask(discovery.tempFiles)).map(row => ({
      path: text(row, 'name'),
      bytes: number(row, 'bytes'),
      tablespace: tablespaces.get(`${textOrNull(row, 'con_id')}/${text(row, 'tablespace_number')}`) ?? 'TEMP',
      container: containerOf(Number(textOrNull(row, 'con_id') ?? 0)),
    })),
    redoFiles: (await ask(discovery.redoFiles)).map(row => ({
      group: number(row, 'group_number'),
      path: text(row, 'member'),
    })),
    controlFiles: (await ask(discovery.controlFiles)).map(row => text(row, 'name')),
    parameters: Object.fromEntries(
      (await ask(discovery.parameters)).flatMap(row => {
        const value = textOrNull(row, 'value')
        return value === null ? [] : [[text(row, 'name'), value]]
      }),
    ),
  }
}
