/** A month of UTC, `yyyymm`, or the part of it that a span of time covers; milliseconds, `to` not included. */
export interface MonthSpan {
  month: string
  from: number
  to: number
}

/** The months that a span touches, each with its share of it, oldest first. A span without length is in one month. */
export function monthsBetween(from: number, to: number): MonthSpan[] {
  const spans: MonthSpan[] = []
  let start = from
  do {
    const at = new Date(start)
    const end = Math.min(to, Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1))
    spans.push({ month: at.toISOString().slice(0, 7).replace('-', ''), from: start, to: end })
    start = end
  } while (start < to)
  return spans
}

/** The first moment of a month, or of one `later` months after it. */
export function startOf(month: string, later = 0): number {
  return Date.UTC(Number(month.slice(0, 4)), Number(month.slice(4)) - 1 + later)
}

export function hoursOf(month: string): number {
  return (startOf(month, 1) - startOf(month)) / 3_600_000
}
