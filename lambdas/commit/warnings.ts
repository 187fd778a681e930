import type { LogChain } from '../../shared/continuity.ts'
import type { Manifest } from '../../shared/manifest.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'

const tolerated = 10 * 60_000

/** The host's clocks beside the receiver's. Their claims choose moments only, but whoever restores should know that they are off. */
export function clockWarnings({ sealedAt }: Manifest, entries: UnitEntry[], receivedAt: string): string[] {
  const received = Date.parse(receivedAt)
  const warnings: string[] = []
  const difference = Date.parse(sealedAt) - received
  if (Math.abs(difference) > tolerated)
    warnings.push(
      `The clock of the host says that the snapshot was sealed ${minutes(difference)} ${difference < 0 ? 'before' : 'after'} it was received`,
    )
  // a long upload is received hours after what it covers; only a moment that has not come yet is odd
  const ahead = Math.max(...entries.map(({ covers }) => Date.parse(covers.to))) - received
  if (ahead > tolerated) warnings.push(`The clock of the application is ${minutes(ahead)} ahead of the receiver's`)
  return warnings
}

/** Whether a snapshot's warning is one of those. */
export function isClockWarning(warning: string): boolean {
  return warning.startsWith('The clock of the ')
}

const unitsNamed = 10

/** What a log does not continue: it is stored, and cannot be restored before a full or differential was. */
export function chainWarnings(chain: LogChain | undefined): string[] {
  if (!chain || chain.brokenCount === 0) return []
  const warnings = chain.broken
    .slice(0, unitsNamed)
    .map(({ unit, reason }) => `The logs of ${unit} cannot be restored until its next full or differential: ${reason}`)
  const more = chain.brokenCount - warnings.length
  return more > 0 ? [...warnings, `The same holds for ${more} more units`] : warnings
}

function minutes(milliseconds: number): string {
  return `${Math.round(Math.abs(milliseconds) / 60_000)} minutes`
}
