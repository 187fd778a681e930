import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDynamodb } from '../../infra/local/dynamodb/server.ts'
import { openTable } from '../../lambdas/catalogue/table.ts'
import { Environment } from '../../lambdas/http/environment.ts'
import { restoreApi } from '../../lambdas/restore-api/app.ts'
import { downloadOrigin, signDownload } from '../../lambdas/vault/sign-download.ts'
import { openVault } from '../../lambdas/vault/vault.ts'
import { allowAll, answerOf, credentials, requestOf } from '../receiver/support.ts'
import { countRequests, type TableRequests } from '../support/requests.ts'
import { definition, fill, type Row, region } from './fill.ts'

/** No page is shown here. */
const noNames = { script: '', imports: [], style: '' }

export interface Asked {
  status: number
  body: any
  /** Of the function's answer, as Lambda counts it: JSON in JSON. */
  bytes: number
  milliseconds: number
  asked: TableRequests
}

export interface Catalogue extends AsyncDisposable {
  items: number
  /** One call of a link's holder, in a function instance of its own. */
  ask(secret: string, method: string, target: string, body?: unknown): Promise<Asked>
}

/** restore-api over a catalogue that was filled beforehand. */
export async function openCatalogue(rows: Iterable<Row>, now: Date): Promise<Catalogue> {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-scale-'))
  const items = fill(directory, rows)
  const dynamodb = await startDynamodb({ directory, access: allowAll, now: () => now })
  await dynamodb.createTable(definition, 'ttl')
  const real = openTable('catalogue', { endpoint: dynamodb.url, region, credentials })
  const vault = openVault('vault', { region, credentials })
  const env = Environment.parse({
    TABLE_NAME: 'catalogue',
    VAULT_BUCKET: 'vault',
    RECEIVER_ID: 'test',
    RECEIVER_NAME: 'test',
  })
  return {
    items,
    async ask(secret, method, target, body) {
      const { table, count } = countRequests(real)
      const app = restoreApi({
        catalogue: table,
        clock: () => now,
        random: length => crypto.getRandomValues(new Uint8Array(length)),
        env,
        log: {
          request: () => {},
          count: () => {},
          failure: error => {
            throw error
          },
        },
        vault: {
          signDownload: (key, version) => signDownload(vault, key, version),
          origin: () => downloadOrigin(vault),
        },
        page: { names: { ...noNames, worker: '', console: noNames }, files: new Map() },
      })
      const started = performance.now()
      const response = await app.request(requestOf(method, target, body, { authorization: `Bearer ${secret}` }))
      const { status, text, body: answer } = await answerOf(response)
      const milliseconds = performance.now() - started
      return { status, body: answer, bytes: Buffer.byteLength(JSON.stringify(text)), milliseconds, asked: count }
    },
    async [Symbol.asyncDispose]() {
      real.documents.destroy()
      await dynamodb.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
