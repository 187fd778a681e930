/**
 * Ticks of any number of moments as one path: no more of them than there are columns. Of a drawing that is `columns` wide and 1 high.
 * @param from,to what the drawing shows, epoch milliseconds
 */
export function ticksPath(times: readonly number[], from: number, to: number, columns: number): string {
  const drawn = new Set<number>()
  for (const time of times)
    if (time >= from && time <= to) drawn.add(Math.round(((time - from) / (to - from)) * columns))
  return [...drawn].map(x => `M${x} 0V1`).join('')
}

/** The part of a span that is seen, in per cent of the drawing; undefined where none is. A moment has a width that can be seen. */
export function seenPart(span: { from: number; to: number }, from: number, to: number) {
  if (span.to < from || span.from > to) return undefined
  const start = Math.max(span.from, from)
  const end = Math.min(span.to, to)
  const scale = 100 / (to - from)
  return { x: (start - from) * scale, width: Math.max((end - start) * scale, 0.25) }
}
