import type { ServiceNeeds } from '../engine.ts'
import { readInstance } from './place/instance.ts'
import type { Settings } from './settings.ts'

/**
 * The Notes library writes into the data directory and its log, and meets the server by files in /tmp. Root becomes the user of the server, ends what runs as
 * that one, and removes what it wrote.
 */
export async function serviceNeeds(settings: Settings): Promise<ServiceNeeds> {
  const { user, directory } = settings
  const { data, log, daos } = await readInstance(settings)
  return {
    writable: [directory, data, log, daos],
    sharesTemporary: true,
    ...(user !== undefined && {
      root: `it starts its helper as ${user}`,
      capabilities: ['CAP_SETUID', 'CAP_SETGID', 'CAP_KILL', 'CAP_DAC_OVERRIDE'],
    }),
  }
}
