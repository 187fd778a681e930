import { hash } from 'node:crypto'
import { z } from 'zod'
import type { LogInfo } from '../notes/library.ts'

/** What a snapshot's entry says, for runs to come: small, whatever the partition holds, and without a name of a file, since the provider can read it. */

const Extents = z.array(z.tuple([z.number(), z.string()]))

/** Extents that a snapshot owns, or that one before it does: number and SHA-256 in base64. Domino may use them again once it is committed. */
export function writeExtents(extents: ReadonlyMap<number, string>): string {
  return JSON.stringify([...extents])
}

export function extentsIn(info: Record<string, string> | undefined): Map<number, string> {
  return new Map(info?.extents === undefined ? [] : Extents.parse(JSON.parse(info.extents)))
}

/** Databases with the identity that the log knew each by when it was backed up: eight bytes of a hash of its path, and eight of its identity. */
export type Identities = Map<string, string>

const bytes = 8

export function pathKey(path: string): string {
  return shortHash(path)
}

/** Of a database that is not logged nothing changes but that it is. */
export function identityOf({ logged, dbiid }: Pick<LogInfo, 'logged' | 'dbiid'>): string {
  return shortHash(logged ? dbiid : 'not logged')
}

/** Of what was left out by the settings. */
export function excludeKey(exclude: readonly string[]): string {
  return shortHash(JSON.stringify(exclude))
}

/** Not a slice of the whole hash: that would stay in memory with it. */
function shortHash(text: string): string {
  return hash('sha256', text, 'buffer').toString('hex', 0, bytes)
}

export function writeIdentities(identities: Identities): string {
  const all = Buffer.alloc(identities.size * 2 * bytes)
  let at = 0
  for (const pair of identities) for (const half of pair) at += all.write(half, at, 'hex')
  return all.toString('base64')
}

export function identitiesIn(text: string | undefined): Identities {
  const identities: Identities = new Map()
  const parts = fromBase64(text)
  for (let at = 0; at < parts.length; at += 2) identities.set(parts[at]!, parts[at + 1]!)
  return identities
}

/** Databases that runs before this one hold, and that were not there any more: keys of their paths. */
export function writeRemoved(keys: ReadonlySet<string>): string {
  return Buffer.from([...keys].join(''), 'hex').toString('base64')
}

export function removedIn(info: Record<string, string> | undefined): Set<string> {
  return new Set(fromBase64(info?.removed))
}

function fromBase64(text = ''): string[] {
  const all = Buffer.from(text, 'base64')
  return Array.from({ length: all.length / bytes }, (_, n) => all.toString('hex', n * bytes, (n + 1) * bytes))
}
