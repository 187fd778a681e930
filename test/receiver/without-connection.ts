import { setImmediate as turn } from 'node:timers/promises'
import type { Dynamodb } from '../../infra/local/dynamodb/server.ts'

interface Asked {
  method: string
  path: string
  headers: Record<string, string>
  body?: string | Uint8Array
}

/**
 * What carries the requests of an SDK client to a stand-in of this process: the connection, which is tested elsewhere, takes a third of the time of a call. As on a
 * connection, the answer does not come in the turn in which it was asked for.
 */
export function withoutConnection(dynamodb: Dynamodb) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle({ method, path, headers, body = '' }: Asked) {
      await turn()
      const { status, headers: answered, bytes } = dynamodb.answer({ method, url: path, headers }, Buffer.from(body))
      return { response: { statusCode: status, headers: answered, body: bytes } }
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  }
}
