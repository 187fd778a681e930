import { expect, it } from 'vitest'
import { functions } from '../../infra/functions.ts'
import { adminApi } from '../../lambdas/admin-api/app.ts'
import { agentApi } from '../../lambdas/agent-api/app.ts'
import { committer } from '../../lambdas/committer/app.ts'
import { restoreApi } from '../../lambdas/restore-api/app.ts'

it('the OpenAPI document is made from the schemas that the functions check with, and names every call', () => {
  const apps = [agentApi({} as never), committer({} as never), restoreApi({} as never), adminApi({} as never)]
  const described = apps.flatMap(app => {
    const info = { title: 'FailSafe Online Backup', version: '1' }
    const { paths = {} } = app.getOpenAPI31Document({ openapi: '3.1.0', info })
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
    )
  })
  const routes = functions.flatMap(definition => definition.routes).filter(route => route.includes(' /v1/'))
  expect(described).toEqual(expect.arrayContaining(routes.filter(route => !route.startsWith('ANY'))))
  expect(described.filter(route => route.includes('/v1/admin/'))).toHaveLength(6)
})
