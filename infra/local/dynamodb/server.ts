import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AccessControl } from '../access.ts'
import { Database } from './database.ts'
import { Tokens } from './items/tokens.ts'
import { type Answer, answer, type Head, serve } from './protocol/answer.ts'
import { parseRequest } from './protocol/parse-request.ts'
import { startSweeper } from './sweeper.ts'
import { type TableDefinition, tableDefinition } from './tables/definition.ts'
import { Tables } from './tables/tables.ts'

export interface DynamodbOptions {
  /** Where the state lies; created if it does not exist. One server at a time. */
  directory: string
  /** 0 or absent: any free port. */
  port?: number
  /** Every answered write is on the disk (the default). */
  durable?: boolean
  access: AccessControl
  now?: () => Date
  region?: string
  account?: string
  /** Told of errors that are the server's own fault. */
  report?: (error: unknown) => void
}

export interface Dynamodb {
  url: string
  port: number
  /**
   * Creates a table without asking for permission. Does nothing if it is there with the same keys and indexes.
   * @param definition as in CreateTable
   * @param timeToLive the attribute with the time to live in epoch seconds; absent: items do not expire
   * @throws ValidationException; Failure when the table is there with other keys or indexes
   */
  createTable(definition: TableDefinition, timeToLive?: string): Promise<void>
  /** What a request would be answered, without a connection. */
  answer(head: Head, body: Buffer): Answer
  close(): Promise<void>
}

/** Milliseconds that clients have to finish sending. */
const closeWithin = 2000

/** Starts the DynamoDB stand-in on 127.0.0.1. Every request is handled in one step, so all of them have one order. */
export async function startDynamodb(options: DynamodbOptions): Promise<Dynamodb> {
  const {
    directory,
    port = 0,
    access,
    now = () => new Date(),
    region = 'us-east-1',
    account = '000000000000',
    report = console.error,
  } = options
  const database = new Database(directory, options)
  const tables = new Tables(database, `arn:aws:dynamodb:${region}:${account}:table/`)
  const tokens = new Tokens(database)
  const endpoint = { service: { database, tables, tokens, now }, access, region, report }
  const server = createServer((request, response) => void serve(endpoint, request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  }).catch((error: unknown) => {
    database.close()
    throw error
  })
  const sweeper = startSweeper(endpoint.service, report)
  const actualPort = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${actualPort}`,
    port: actualPort,
    async createTable(definition, timeToLive) {
      const table = tables.ensure(parseRequest(tableDefinition, definition), now())
      if (table.timeToLive !== timeToLive) tables.setTimeToLive(table, timeToLive)
    },
    answer: (head, body) => answer(endpoint, head, body),
    async close() {
      sweeper.stop()
      const impatient = setTimeout(() => server.closeAllConnections(), closeWithin)
      await new Promise(resolve => {
        server.close(resolve)
        server.closeIdleConnections()
      })
      clearTimeout(impatient)
      database.close()
    },
  }
}
