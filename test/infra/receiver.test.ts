import { stat } from 'node:fs/promises'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../../infra/bundle.ts'
import { type ApiFunction, functions } from '../../infra/functions.ts'
import { prepareAssembly } from '../../infra/local/prepare.ts'
import { adminApi } from '../../lambdas/admin-api/app.ts'
import { agentApi } from '../../lambdas/agent-api/app.ts'
import { committer } from '../../lambdas/committer/app.ts'
import { consoleApi } from '../../lambdas/console-api/app.ts'
import { restoreApi } from '../../lambdas/restore-api/app.ts'
import { ReceiverResponse } from '../../shared/api/agent.ts'
import { Problem } from '../../shared/problem.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'

describe('the routes of the API are those that the functions answer', () => {
  const apps: Record<ApiFunction['name'], (ports: never) => { routes: { method: string; path: string }[] }> = {
    'agent-api': agentApi,
    committer,
    'restore-api': restoreApi,
    'console-api': consoleApi,
    'admin-api': adminApi,
  }
  const answering = functions.filter((definition): definition is ApiFunction => definition.callers !== 'clock')
  test.each(answering)('$name', ({ name, routes }) => {
    const answered = apps[name]({} as never)
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    const unique = [...new Set(answered)].sort()
    if (name === 'admin-api') {
      expect(unique.length).toBeGreaterThan(0)
      expect(unique.filter(route => !/^[A-Z]+ \/v1\/admin\/./.test(route))).toEqual([])
    } else expect(unique).toEqual([...routes].sort())
  })
})

test("the committer's bundle holds nothing that signs a URL, and agent-api's nothing that reads an object", async () => {
  const inputsOf = async (name: string) => {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: [`lambdas/${name}/handler.ts`],
      bundle: true,
      platform: 'node',
      format: 'esm',
      write: false,
      metafile: true,
      logLevel: 'error',
    })
    return Object.keys(metafile.inputs)
  }
  expect((await inputsOf('committer')).filter(input => /presigner|vault\/sign-/.test(input))).toEqual([])
  const agent = await inputsOf('agent-api')
  expect(agent.filter(input => input.includes('s3-request-presigner')).length).toBeGreaterThan(0)
  expect(agent.filter(input => /vault\/(read|head|lock|put|complete|sign-download)/.test(input))).toEqual([])
})

describe('the real functions in the embedded cloud', () => {
  let cloud: TestCloud
  beforeAll(async () => {
    cloud = await startTestCloud()
  })
  afterAll(() => cloud.close())

  test('say who they are', async () => {
    const answer = await fetch(`${cloud.url}/v1/receiver`)
    expect(answer.status).toBe(200)
    expect(ReceiverResponse.parse(await answer.json()).receiver).toMatch(/^[0-9a-f-]{36}$/)
  })

  test.each([
    ['agent-api', 'GET', '/v1/sources'],
    ['committer', 'POST', '/v1/snapshots/x/commit'],
    ['restore-api', 'GET', '/v1/link'],
    ['console-api', 'GET', '/v1/console/tenants'],
  ])('%s refuses who shows nothing, as a problem document', async (_, method, path) => {
    const answer = await fetch(`${cloud.url}${path}`, { method })
    expect(answer.status).toBeGreaterThanOrEqual(401)
    expect(answer.status).toBeLessThan(404)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(Problem.parse(await answer.json()).code).toMatch(/invalid/)
  })

  test('are built once for the same sources', async () => {
    const [first, second] = [await prepareAssembly(), await prepareAssembly()]
    expect(second).toBe(first)
    const { mtimeMs } = await stat(`${first}/manifest.json`)
    await prepareAssembly()
    expect((await stat(`${first}/manifest.json`)).mtimeMs).toBe(mtimeMs)
  })
})
