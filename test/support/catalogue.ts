import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { manifestKey } from '../../lambdas/catalogue/keys.ts'
import type { SnapshotId } from '../../shared/ids.ts'
import type { PublicKey } from '../../shared/jws.ts'
import type { TestCloud } from './cloud.ts'

/** The catalogue's copy of a manifest, in the hands of someone who may write the table. */
export class StoredManifests {
  readonly #client: DynamoDBDocumentClient
  readonly #table: string

  constructor({ dynamodbUrl, region, admin, table }: TestCloud) {
    const client = new DynamoDBClient({ endpoint: dynamodbUrl, region, credentials: admin })
    this.#client = DynamoDBDocumentClient.from(client)
    this.#table = table
  }

  async read(snapshot: SnapshotId): Promise<string> {
    return (await this.#item(snapshot)).manifest
  }

  /** Runs `work` while the snapshot's item has other `values`, then puts the right ones back. */
  async whileReplaced<T>(
    snapshot: SnapshotId,
    values: { manifest: string; agentKey?: PublicKey },
    work: () => Promise<T>,
  ): Promise<T> {
    const item = await this.#item(snapshot)
    await this.#client.send(new PutCommand({ TableName: this.#table, Item: { ...item, ...values } }))
    try {
      return await work()
    } finally {
      await this.#client.send(new PutCommand({ TableName: this.#table, Item: item }))
    }
  }

  async #item(snapshot: SnapshotId): Promise<Record<string, any>> {
    const { Item } = await this.#client.send(new GetCommand({ TableName: this.#table, Key: manifestKey(snapshot) }))
    if (!Item) throw new Error(`no manifest of ${snapshot}`)
    return Item
  }
}
