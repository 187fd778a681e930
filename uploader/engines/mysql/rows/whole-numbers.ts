import { quoteName } from '../sql/quote.ts'
import { type Borrow, type Bound, type Cut, tableOf } from './cut.ts'
import { keysetBounds } from './keyset.ts'

/**
 * Bounds between MIN and MAX. Where numbers are spread unevenly (gaps, shards, time stamps) equal steps would give empty ranges and
 * huge ones: the span is halved until the optimiser's estimate for each piece is small enough, and neighbours that are small together
 * stay together. One value that is too many rows by itself is walked along the rest of its key.
 */
export async function* wholeNumberBounds(cut: Cut, borrow: Borrow): AsyncGenerator<Bound> {
  const column = quoteName(cut.key.columns[0]!.name)
  const span = await borrow(server => server.one(`SELECT MIN(${column}) low, MAX(${column}) high FROM ${tableOf(cut)}`))
  if (!span?.low || !span.high) return
  let collected = 0
  for await (const piece of pieces(cut, column, BigInt(span.low), BigInt(span.high), borrow)) {
    if (collected > 0 && collected + piece.rows > cut.rows * 1.25) {
      yield { below: `${column} < ${piece.low}`, from: `${column} >= ${piece.low}` }
      collected = 0
    }
    collected += piece.rows
    if (piece.rows > cut.rows * 1.25 && cut.key.columns.length > 1) {
      yield* keysetBounds(cut, borrow, `${column} = ${piece.low}`)
      collected = cut.rows * 1.25
    }
  }
}

interface Piece {
  low: bigint
  rows: number
}

/** Pieces of [low, high] from left to right, each estimated at no more than half of a range. */
async function* pieces(cut: Cut, column: string, low: bigint, high: bigint, borrow: Borrow): AsyncGenerator<Piece> {
  const waiting = [{ low, high }]
  for (let span = waiting.pop(); span; span = waiting.pop()) {
    const rows = await estimate(cut, `${column} BETWEEN ${span.low} AND ${span.high}`, borrow)
    if (rows <= cut.rows / 2 || span.low === span.high) {
      yield { low: span.low, rows }
      continue
    }
    const middle = (span.low + span.high) >> 1n
    waiting.push({ low: middle + 1n, high: span.high }, { low: span.low, high: middle })
  }
}

/** Two dives into the index; no row is read. (MySQL does not dive where the index is forced.) */
async function estimate(cut: Cut, condition: string, borrow: Borrow): Promise<number> {
  const plan = await borrow(server =>
    server.one(`EXPLAIN SELECT 1 FROM ${tableOf(cut)} USE INDEX (${quoteName(cut.key.index)}) WHERE ${condition}`),
  )
  return Number(plan?.rows ?? 0)
}
