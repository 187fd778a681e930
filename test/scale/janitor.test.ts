import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { startDynamodb } from '../../infra/local/dynamodb/server.ts'
import { openTable } from '../../lambdas/catalogue/table.ts'
import { readSourceHistory } from '../../lambdas/retention/source-history.ts'
import { allowAll, credentials } from '../receiver/support.ts'
import { times } from '../support/counts.ts'
import { definition, fill, region } from './fill.ts'
import { minute, schedule, snapshotsOf, ulid } from './source.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const now = new Date('2026-11-22T00:00:00Z')

it('a pass over a source of very many snapshots holds little of each', async () => {
  const days = times(350)
  const plan = { tenant: 'acme', source: ulid(now.getTime(), 1), units: ['server'], snapshots: schedule(days, 1440, 5) }
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-scale-'))
  fill(directory, snapshotsOf(plan, now.getTime() - days * 1440 * minute, { content: false }))
  const dynamodb = await startDynamodb({ directory, access: allowAll, now: () => now })
  try {
    await dynamodb.createTable(definition, 'ttl')
    const table = openTable('catalogue', { endpoint: dynamodb.url, region, credentials })
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    const history = await readSourceHistory(table, plan.source)
    collectGarbage()
    const held = process.memoryUsage().heapUsed - before
    expect(history.retained).toHaveLength(days * 288)
    expect(held / history.retained.length).toBeLessThan(1200)
  } finally {
    await dynamodb.close()
    await rm(directory, { recursive: true, force: true })
  }
}, 600_000)
