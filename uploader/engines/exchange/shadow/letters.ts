import { Failure } from '../../../../shared/failure.ts'
import type { Volume } from '../inventory.ts'
import type { Exposure } from './script.ts'

/** P to Z, and then those before it; A to C are for other things. */
const wanted = [...'PQRSTUVWXYZDEFGHIJKLMNO'].map(letter => `${letter}:`)

/** A free letter for each volume, chosen before anything is begun. @throws Failure `exchange-no-letter` */
export function exposuresFor(volumes: readonly Volume[], inUse: readonly string[]): Exposure[] {
  const free = wanted.filter(letter => !inUse.some(used => used.toUpperCase() === letter))
  if (free.length < volumes.length)
    throw new Failure('exchange-no-letter', 'There are not enough free drive letters to show the shadow copies under', {
      why: `${volumes.length} are needed, and ${free.length} are free`,
      fix: 'Free drive letters (network drives count), or back up the databases as several sources with include',
    })
  return volumes.map((volume, i) => ({ volume, alias: `failsafe${i + 1}`, letter: free[i]! }))
}
