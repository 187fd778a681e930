import type { Database, Inventory } from '../inventory.ts'

/**
 * What a run does about a database, before anything is known of earlier backups; `warn` where somebody should know that it is left out.
 */
export type Treatment = { how: 'back-up'; passive: boolean } | { how: 'leave-out'; reason: string; warn: boolean }

export function treatmentOf(database: Database, { server, policy }: Pick<Inventory, 'server' | 'policy'>): Treatment {
  const { name, recovery, activeOn, mounted, copy, bytes } = database
  if (recovery) return leaveOut('it is a recovery database')
  if (!isChosen(name, policy)) return leaveOut('it is not chosen')
  const passive = activeOn.toLowerCase() !== server.toLowerCase()
  if (passive && policy.copies === 'active') return leaveOut(`it is in use on ${activeOn}, which backs it up`)
  if (!passive && policy.copies === 'passive') return leaveOut('it is in use here, and only passive copies are chosen')
  if (!passive && !mounted) return leaveOut('it is dismounted', true)
  if (passive && copy?.toLowerCase() !== 'healthy')
    return leaveOut(`its copy here is ${copy ?? 'not known'}, not Healthy`, true)
  if (bytes === null) return leaveOut('its file cannot be seen', true)
  return { how: 'back-up', passive }
}

function isChosen(name: string, { include, exclude }: Pick<Inventory['policy'], 'include' | 'exclude'>): boolean {
  const among = (names: readonly string[]) => names.some(other => other.toLowerCase() === name.toLowerCase())
  return include ? among(include) : !among(exclude ?? [])
}

function leaveOut(reason: string, warn = false): Treatment {
  return { how: 'leave-out', reason, warn }
}
