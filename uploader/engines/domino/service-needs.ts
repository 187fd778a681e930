import type { ServiceNeeds } from '../engine.ts'
import { readInstance } from './place/instance.ts'
import type { Settings } from './settings.ts'

/**
 * The Notes library writes into the data directory and its log, and meets the server by files in /tmp. Root becomes the user of the server, ends what runs as
 * that one, and removes what it wrote.
 */
export async function serviceNeeds(settings: Settings): Promise<ServiceNeeds> {
  const { data, log, daos } = await readInstance(settings)
  const apart = [log, daos].filter(path => path !== undefined)
  return {
    writable: [settings.directory, data, ...apart],
    capabilities: settings.user === undefined ? [] : ['CAP_SETUID', 'CAP_SETGID', 'CAP_KILL', 'CAP_DAC_OVERRIDE'],
    sharesTemporary: true,
  }
}
