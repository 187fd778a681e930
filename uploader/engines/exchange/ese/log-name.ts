/** Generations in the order in which they are written, as text: eight hexadecimal digits. */
export function generationText(generation: number): string {
  return generation.toString(16).toUpperCase().padStart(8, '0')
}

/** `0x20`, as eseutil writes it. */
export function hex(generation: number): string {
  return `0x${generation.toString(16).toUpperCase()}`
}

/**
 * The generation that the name of a closed log says; undefined for all else: the current log (`E00.log`), the one that is being made (`E00tmp.log`), reserves, the
 * checkpoint, logs of another base name. Up to 0xFFFFF a name may have five digits.
 */
export function generationOf(name: string, base: string): number | undefined {
  const lower = name.toLowerCase()
  const start = base.toLowerCase()
  if (!lower.startsWith(start)) return undefined
  const [, digits] = /^([0-9a-f]{5}|[0-9a-f]{8})\.log$/.exec(lower.slice(start.length)) ?? []
  return digits === undefined ? undefined : Number.parseInt(digits, 16)
}
