const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']

/** Bytes as people and bills write them: `12.4 GB` is 12.4 × 10⁹ bytes. */
export function formatBytes(bytes: number): string {
  let [amount, unit] = [bytes, 0]
  while (Math.abs(amount) >= 999.95 && unit < units.length - 1) [amount, unit] = [amount / 1000, unit + 1]
  return `${unit === 0 ? amount : Number(amount.toFixed(1))} ${units[unit]}`
}

/** Bytes in `500GB`, `1.5 TB` (powers of 1,000), `64GiB` (powers of 1,024) or `1000`. @returns undefined for anything else */
export function parseBytes(text: string): number | undefined {
  const [, number, prefix, binary] = /^(\d{1,15}(?:\.\d{1,6})?) ?(?:([KMGTP])(i)?)?B?$/i.exec(text.trim()) ?? []
  if (number === undefined) return undefined
  const power = prefix === undefined ? 0 : 'KMGTP'.indexOf(prefix.toUpperCase()) + 1
  const bytes = Math.round(Number(number) * (binary === undefined ? 1000 : 1024) ** power)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
