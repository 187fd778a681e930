import { entryIn } from '../plan/continuation.ts'
import { excludeKey, type Identities, removedIn } from './info.ts'
import { logSince } from './known.ts'
import type { Run } from './run.ts'
import { keysIn, type Survey, survey } from './survey.ts'

/**
 * Databases that the last full or runs of logs since then hold, and that are not on the server any more: keys of their paths. A restore does not bring them
 * back, so what is not sure stays out of it.
 */
export async function removedSince(found: Survey, known: Identities, run: Run): Promise<Set<string>> {
  const { data, log } = run.plan.heads!
  const before = removedIn(logSince({ data, log })?.info)
  const missing = without([...known.keys()], keysIn(found))
  // Something was in the way, or another choice was made than for the full: what was removed since then cannot be told from what was not seen.
  const isSure = found.whole && entryIn(data)?.info?.exclude === excludeKey(run.settings.exclude)
  if (isSure && missing.some(key => !before.has(key))) {
    // A compact puts a new file in the place of the old one: what is really gone is gone still.
    const again = await survey(run)
    const still = without(missing, keysIn(again))
    return new Set(again.whole ? still : still.filter(key => before.has(key)))
  }
  return new Set(missing.filter(key => before.has(key)))
}

function without(keys: readonly string[], seen: ReadonlySet<string>): string[] {
  return keys.filter(key => !seen.has(key))
}
