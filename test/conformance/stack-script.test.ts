import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { run } from '../support/run.ts'
import { startStackDouble } from './stack-double.ts'
import { environmentOf } from './stack-endpoint.ts'

const root = join(import.meta.dirname, '../..')
let cloud: TestCloud
let double: Awaited<ReturnType<typeof startStackDouble>>
beforeAll(async () => {
  cloud = await startTestCloud()
  double = await startStackDouble(cloud)
})
afterAll(async () => {
  double?.close()
  await cloud?.close()
})

const conformance = (...args: string[]) =>
  run(process.execPath, ['scripts/conformance.ts', ...args], {
    cwd: root,
    env: { ...process.env, ...environmentOf(cloud, double.url) },
  })

test('a stack is checked by its name alone, and what is left behind is said', async () => {
  const { code, stdout, stderr } = await conformance('--stack', double.stackName)
  expect(code, stdout + stderr).toBe(0)
  expect(stdout).toContain(`${double.stackName} in ${cloud.region}: ${cloud.url}, vault ${cloud.bucket}`)
  expect(stdout).toMatch(
    /Left behind:\n- tenant conformance-\S+, with one source and one agent, which is revoked\n- snapshot /,
  )
  expect(stdout).toContain('stack.test.ts')
  expect(stdout).not.toContain('dynamodb.test.ts')
})

test('a stack that is not there, and an option that is none, are refused with what to do', async () => {
  const unknown = await conformance('--stack', 'nobodys')
  expect(unknown.code).toBe(2)
  expect(unknown.stderr).toMatch(/^The stack nobodys cannot be described.*Check the name, AWS_REGION/s)
  const wrong = await conformance('--s3', 'nonsense')
  expect(wrong.code).toBe(2)
  expect(wrong.stderr).toMatch(/--s3 wants the http or https URL[\s\S]*Usage: /)
})
