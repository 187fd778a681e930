import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, paginateQuery, paginateScan, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testCredentials } from '../conformance/dynamodb-endpoint.ts'
import { seed, times } from '../support/counts.ts'

let directory: string
const children: ChildProcess[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'failsafe-dynamodb-'))
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(directory, { recursive: true, force: true })
})

async function start() {
  const script = fileURLToPath(new URL('dynamodb-process.ts', import.meta.url))
  const child = spawn(process.execPath, [script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [url] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  const client = new DynamoDBClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: testCredentials,
    maxAttempts: 1,
  })
  return { child, client: DynamoDBDocumentClient.from(client) }
}

describe('kill -9', () => {
  it('loses nothing that was answered and leaves no half of a transaction', async () => {
    const delays = fc.sample(fc.integer({ min: 5, max: 250 }), { seed, numRuns: times(40) })
    const answered: string[] = []
    for (const [run, delay] of delays.entries()) {
      const { child, client } = await start()
      let alive = true
      const writers = [0, 1, 2].map(async writer => {
        for (let i = 0; alive; i++) {
          const pair = `${run}-${writer}-${i}`
          const item = (half: string) => ({
            Put: { TableName: 'kill', Item: { pk: `${pair}-${half}`, owner: 'one', data: 'x'.repeat(500) } },
          })
          await client.send(new TransactWriteCommand({ TransactItems: [item('a'), item('b')] })).then(
            () => answered.push(pair),
            (error: unknown) => {
              // Only the kill may make a write fail.
              if (alive) throw error
            },
          )
        }
      })
      await sleep(delay)
      alive = false
      child.kill('SIGKILL')
      await once(child, 'exit')
      await Promise.all(writers)
      client.destroy()
    }

    const { client } = await start()
    const stored = new Set<string>()
    for await (const { Items = [] } of paginateScan({ client }, { TableName: 'kill' }))
      for (const { pk } of Items) stored.add(pk)
    const indexed = new Set<string>()
    const byOwner = {
      TableName: 'kill',
      IndexName: 'by-owner',
      KeyConditionExpression: '#o = :o',
      ExpressionAttributeNames: { '#o': 'owner' },
      ExpressionAttributeValues: { ':o': 'one' },
    }
    for await (const { Items = [] } of paginateQuery({ client }, byOwner)) for (const { pk } of Items) indexed.add(pk)
    client.destroy()

    expect(answered.length).toBeGreaterThan(delays.length)
    expect(answered.filter(pair => !stored.has(`${pair}-a`) || !stored.has(`${pair}-b`))).toEqual([])
    expect([...stored].filter(pk => !stored.has(pk.slice(0, -1) + (pk.endsWith('a') ? 'b' : 'a')))).toEqual([])
    expect(indexed).toEqual(stored)
  }, 300_000)
})
