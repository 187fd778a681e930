import { afterAll, beforeAll } from 'vitest'
import { batches } from './dynamodb-batches.ts'
import { openTables, type TestTables } from './dynamodb-endpoint.ts'
import { expressions } from './dynamodb-expressions.ts'
import { items } from './dynamodb-items.ts'
import { properties } from './dynamodb-properties.ts'
import { queries } from './dynamodb-queries.ts'
import { tables } from './dynamodb-tables.ts'

/**
 * What the receiver may expect of DynamoDB, checked with AWS's own SDK. It runs against the stand-in, or against the endpoint named by
 * CONFORMANCE_DYNAMODB_URL: DynamoDB Local, moto, or AWS (`aws`).
 */
const given = {} as TestTables

beforeAll(async () => {
  Object.assign(given, await openTables())
})

afterAll(() => given.endpoint?.[Symbol.asyncDispose]())

tables(given)
items(given)
queries(given)
batches(given)
expressions(given)
properties(given)
