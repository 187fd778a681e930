import { createHash } from 'node:crypto'
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

const half = 16

export function pathKey(path: string): string {
  return shortHash(path)
}

/** Of a database that is not logged nothing changes but that it is. */
export function identityOf({ logged, dbiid }: Pick<LogInfo, 'logged' | 'dbiid'>): string {
  return shortHash(logged ? dbiid : 'not logged')
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, half)
}

export function writeIdentities(identities: Identities): string {
  const bytes = Buffer.from([...identities].map(pair => pair.join('')).join(''), 'hex')
  return bytes.toString('base64')
}

export function identitiesIn(text: string | undefined): Identities {
  const hex = Buffer.from(text ?? '', 'base64').toString('hex')
  const identities: Identities = new Map()
  for (let at = 0; at < hex.length; at += 2 * half)
    identities.set(hex.slice(at, at + half), hex.slice(at + half, at + 2 * half))
  return identities
}
