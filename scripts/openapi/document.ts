import { isDeepStrictEqual } from 'node:util'
import { adminApi } from '../../lambdas/admin-api/app.ts'
import { agentApi } from '../../lambdas/agent-api/app.ts'
import { committer } from '../../lambdas/committer/app.ts'
import { consoleApi } from '../../lambdas/console-api/app.ts'
import { restoreApi } from '../../lambdas/restore-api/app.ts'
import { securitySchemes } from './security.ts'

type Operation = Record<string, unknown> & { responses: Record<string, unknown>; security?: object[] }
export interface OpenApiDocument {
  openapi: string
  info: object
  components: object
  paths: Record<string, Record<string, Operation>>
}

const info = {
  title: 'FailSafe Online Backup: the receiver',
  version: '1',
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  description:
    'Every call of the receiver, made from the very schemas that it checks requests with (`npm run openapi`). ' +
    'A refusal is an RFC 9457 problem document with a stable `code`. What belongs to somebody else and what does not exist answer alike.',
}

/** Agents prove themselves; holders of a restore link show its secret; the provider signs with AWS credentials, or shows the secret of its page. */
const proof = [{ Proof: [] }]
const linkOrProof = [{ Link: [] }, { Link: [], Passcode: [] }, { Proof: [] }]
const opened = [{ Console: [] }]
const provider = [{ AWS_IAM: [] }]
/** What anybody may ask. */
const open = new Set(['GET /v1/receiver', 'GET /r', 'GET /r/{file}', 'GET /console'])

/**
 * One document of all five APIs. The apps are made without ports: their routes are described when they are added, and no
 * request is ever sent to them.
 */
export function openApiDocument(): OpenApiDocument {
  const apis = [
    { app: agentApi({} as never), security: proof },
    { app: committer({} as never), security: proof },
    { app: restoreApi({} as never), security: linkOrProof },
    { app: consoleApi({} as never), security: opened },
    { app: adminApi({} as never), security: provider },
  ]
  const paths: OpenApiDocument['paths'] = {}
  const schemas: Record<string, unknown> = {}
  let refusal: unknown
  for (const { app, security } of apis) {
    const part = app.getOpenAPI31Document({ openapi: '3.1.0', info })
    Object.assign(schemas, part.components?.schemas)
    for (const [path, operations] of Object.entries(part.paths ?? {}))
      for (const [method, operation] of Object.entries(operations as Record<string, Operation>)) {
        const { default: refused, ...answers } = operation.responses
        refusal ??= refused
        paths[path] ??= {}
        paths[path][method] = {
          operationId: operationId(method, path),
          ...operation,
          security: open.has(`${method.toUpperCase()} ${path}`) ? [] : security,
          responses: {
            ...answers,
            ...(refused === undefined ? {} : { default: isDeepStrictEqual(refused, refusal) ? refusalRef : refused }),
          },
        }
      }
  }
  return {
    openapi: '3.1.0',
    info,
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: { securitySchemes, schemas, responses: { Refusal: refusal } },
  }
}

const refusalRef = { $ref: '#/components/responses/Refusal' }

/** `get /v1/sources/{source}/heads` → `getSourcesBySourceHeads`. */
function operationId(method: string, path: string): string {
  const words = path
    .replace(/^\/v1/, '')
    .replace(/\{(\w+)\}/g, 'by-$1')
    .split(/[^A-Za-z0-9]+/)
    .filter(word => word !== '')
  return method + words.map(word => word[0]!.toUpperCase() + word.slice(1)).join('')
}
