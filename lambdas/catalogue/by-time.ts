import { createHash } from 'node:crypto'
import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { z } from 'zod'
import type { Table } from './table.ts'

/**
 * The sparse index `by-time` (gpk, gsk): what is due, when. An item is in one queue at most. The index is eventually consistent: whoever takes
 * an item from it reads the item itself again before acting.
 *
 * | queue  | item                                        | gsk                                                      | who asks |
 * |--------|---------------------------------------------|----------------------------------------------------------|----------|
 * | `LIVE` | a snapshot that is not committed            | when it wants finishing, giving up or cleaning           | janitor  |
 * | `KEEP` | a source's retention chore (`S#s` / `KEEP`) | when retention, locks and usage are next looked at       | janitor  |
 * | `DUE`  | a source                                    | when its next run is late                                | watchdog |
 * | `SEEN` | an agent                                    | when it is silent                                        | watchdog |
 * | `DAY`  | a tenant                                    | when its next daily summary and export are due           | watchdog |
 * | `OUT`  | a notice                                    | when it is to be delivered, or tried again               | watchdog |
 */
export type Queue = 'LIVE' | 'KEEP' | 'DUE' | 'SEEN' | 'DAY' | 'OUT'

/** So that no partition of the index takes all writes. */
export const shards = 8
export const byTimeIndex = 'by-time'

/** The attributes that put an item into a queue. @param id of the item: decides its shard */
export function inQueue(queue: Queue, id: string, at: Date | string): { gpk: string; gsk: string } {
  const shard = createHash('sha256').update(id).digest()[0]! % shards
  return { gpk: `${queue}#${shard}`, gsk: new Date(at).toISOString() }
}

/** What is due in a queue by `now`, lazily: the longest waiting of each shard in turn, so that a flood in one keeps no other waiting. */
export async function* dueIn<T>(table: Table, schema: z.ZodType<T>, queue: Queue, now: Date): AsyncGenerator<T> {
  const lines = Array.from({ length: shards }, (_, shard) => dueInShard(table, schema, `${queue}#${shard}`, now))
  while (lines.length > 0)
    for (const line of [...lines]) {
      const next = await line.next()
      if (next.done) lines.splice(lines.indexOf(line), 1)
      else yield next.value
    }
}

async function* dueInShard<T>(table: Table, schema: z.ZodType<T>, gpk: string, now: Date): AsyncGenerator<T> {
  let start: Record<string, unknown> | undefined
  do {
    const page = await table.documents.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: byTimeIndex,
        KeyConditionExpression: 'gpk = :gpk AND gsk <= :now',
        ExpressionAttributeValues: { ':gpk': gpk, ':now': now.toISOString() },
        Limit: 100,
        ExclusiveStartKey: start,
      }),
    )
    for (const item of page.Items ?? []) yield schema.parse(item)
    start = page.LastEvaluatedKey
  } while (start)
}
