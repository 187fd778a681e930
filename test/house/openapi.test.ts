import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { functions } from '../../infra/functions.ts'
import { openApiDocument } from '../../scripts/openapi/document.ts'

const document = openApiDocument()
const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ call: `${method.toUpperCase()} ${path}`, operation })),
)

test('docs/openapi.json is what the schemas say (npm run openapi writes it)', async () => {
  const written = await readFile(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8')
  expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(document)))
})

test('it is valid OpenAPI 3.1', async () => {
  const validator = new Validator()
  const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(document)))
  expect(errors).toBeUndefined()
  expect(valid).toBe(true)
  expect(validator.version).toBe('3.1')
  const broken = { ...document, paths: { '/v1/x': { get: { responses: 'none' } } } }
  expect(await new Validator().validate(JSON.parse(JSON.stringify(broken)))).toMatchObject({ valid: false })
})

test('it describes the very calls that the stack routes, and no others', () => {
  const routed = functions.flatMap(({ routes }) => routes)
  const ofProvider = routed.filter(route => route.startsWith('ANY '))
  expect(ofProvider).toEqual(['ANY /v1/admin/{proxy+}'])
  const described = calls.map(({ call }) => call)
  expect(described.filter(call => !call.includes(' /v1/admin/')).sort()).toEqual(
    routed.filter(route => !ofProvider.includes(route)).sort(),
  )
  expect(described.filter(call => call.includes(' /v1/admin/')).length).toBeGreaterThan(5)
})

test('every call says who may make it, what it is, and has a name of its own', () => {
  const ids = calls.map(({ operation }) => operation.operationId)
  expect(new Set(ids).size).toBe(calls.length)
  for (const { call, operation } of calls) {
    expect(operation.summary, call).toBeTypeOf('string')
    const wanted = call.includes('/v1/admin/') ? 'AWS_IAM' : call.includes('/v1/console') ? 'Console' : 'Proof'
    const open = ['GET /v1/receiver', 'GET /r', 'GET /r/{file}', 'GET /console'].includes(call)
    expect(JSON.stringify(operation.security), call).toContain(open ? '[]' : wanted)
    if (!open) expect(operation.responses.default, call).toEqual({ $ref: '#/components/responses/Refusal' })
  }
})
