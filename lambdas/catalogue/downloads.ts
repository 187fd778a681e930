import { z } from 'zod'
import { type AgentId, tenantOf } from '../../shared/ids.ts'
import { auditCreation } from './audit.ts'
import { downloadsKey, ttl } from './keys.ts'
import { isRefused, read, type Table, transact, update } from './table.ts'

const Downloads = z.object({ spentAt: z.iso.datetime().optional() })

const keptDays = 2

/**
 * Counts bytes that an agent, or the holder of a link that it made, is about to be given URLs for, by the UTC day: what a thief of its key can fetch.
 * @param budget bytes of one day
 * @returns false when the day's budget does not cover them; nothing is counted then, and the audit says so once a day
 */
export async function spendDownload(
  table: Table,
  agent: AgentId,
  bytes: number,
  budget: number,
  now: Date,
): Promise<boolean> {
  const key = downloadsKey(agent, now.toISOString().slice(0, 10))
  const kept = ttl(new Date(now.getTime() + keptDays * 86_400_000))
  if (bytes <= budget && (await spend())) return true
  await recordOnce()
  return false

  async function spend(): Promise<boolean> {
    try {
      await update(table, {
        key,
        update: 'SET #ttl = :ttl ADD #bytes :bytes',
        condition: 'attribute_not_exists(#bytes) OR #bytes <= :ceiling',
        values: { ':bytes': bytes, ':ceiling': budget - bytes, ':ttl': kept },
      })
      return true
    } catch (error) {
      if (isRefused(error)) return false
      throw error
    }
  }

  async function recordOnce(): Promise<void> {
    const at = now.toISOString()
    const detail = { budget, asked: bytes }
    const entry = { at, actor: `agent:${agent}`, action: 'download-budget-spent', target: agent, detail } as const
    for (let attempt = 1; ; attempt++) {
      try {
        await transact(table, [
          {
            update: {
              key,
              update: 'SET #spentAt = :at, #ttl = :ttl',
              condition: 'attribute_not_exists(#spentAt)',
              values: { ':at': at, ':ttl': kept },
            },
          },
          { put: auditCreation(tenantOf(agent), entry) },
        ])
        return
      } catch (error) {
        if (!isRefused(error)) throw error
        if ((await read(table, Downloads, key))?.spentAt !== undefined) return
        if (attempt >= 5) throw error // it only met another request: look again
      }
    }
  }
}
