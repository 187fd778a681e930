import { z } from 'zod'

const binary = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const
const decimal = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const
const units: Record<string, number> = { ...binary, ...decimal }

/** `20GiB`, `500 MB`, or a plain number of bytes. */
export const Bytes = z.union([z.number(), z.string()], 'write a size such as 20GiB').transform((value, context) => {
  const [, number, unit = 'B'] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)?$/.exec(String(value)) ?? []
  const bytes = Math.floor(Number(number) * (units[unit] ?? Number.NaN))
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes
  context.addIssue({ code: 'custom', message: `${JSON.stringify(value)} is not a size, write one such as 20GiB` })
  return z.NEVER
})

const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Seconds in `30s`, `10m`, `24h` or `7d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  return unit === undefined ? undefined : Number(number) * seconds[unit]!
}

export const Duration = z.string('write a time such as 5m').transform((text, context) => {
  const duration = parseDuration(text)
  if (duration !== undefined) return duration
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(text)} is not a time, write one such as 30s, 5m or 24h`,
  })
  return z.NEVER
})
