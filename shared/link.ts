import { isIP } from 'node:net'
import { z } from 'zod'
import { SnapshotId } from './ids.ts'
import { Instant } from './snapshot.ts'

/** It travels in a header, which carries printable ASCII alone and no space at either end. */
export const Passcode = z
  .string()
  .min(4)
  .max(100)
  .regex(/^[!-~](?:[ -~]*[!-~])?$/, 'use letters, digits and signs of ASCII, with no space at either end')

/** `192.0.2.7`, `192.0.2.0/24`, `2001:db8::1` or `2001:db8::/32`. */
export const AddressRange = z.string().max(50).refine(isAddressRange, 'not an IP address or CIDR block')

/** What a restore link may be limited to. Each is no limit when left out. */
export const linkScope = {
  snapshots: z.array(SnapshotId).min(1).max(100).optional(),
  units: z.array(z.string().min(1).max(512)).min(1).max(50).optional(),
  /** Moments on the engine's clock, both included. */
  since: Instant.optional(),
  until: Instant.optional(),
  /** Where it may be used from. */
  addresses: z.array(AddressRange).min(1).max(50).optional(),
}

export const LinkName = z.string().regex(/^[A-Za-z0-9_-]{12}$/, 'not the name of a link')

/** Its length in bits is undefined for a single address. */
export function parseAddressRange(
  text: string,
): { address: string; family: 4 | 6; bits: number | undefined } | undefined {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (rest.length > 0 || address.includes('%') || (family !== 4 && family !== 6)) return undefined
  if (bits === undefined) return { address, family, bits: undefined }
  const count = Number(bits)
  if (!/^\d{1,3}$/.test(bits) || count > (family === 4 ? 32 : 128)) return undefined
  return { address, family, bits: count }
}

function isAddressRange(text: string): boolean {
  return parseAddressRange(text) !== undefined
}
