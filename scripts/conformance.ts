/**
 * `npm run conformance -- --s3 URL` or `-- --dynamodb URL`: runs the conformance file of a service against any endpoint, so that the
 * stand-ins of the embedded cloud can be compared with real servers. Credentials and region are the AWS SDK's
 * (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION); CONFORMANCE_S3_BUCKET names a bucket with object lock to use.
 * `-- --stack NAME`: runs the checks of a deployed receiver against that stack; docs/deploy.md says what it leaves behind.
 * Without an option all three run against the embedded cloud.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure } from '../shared/failure.ts'
import { readStack } from './conformance/read-stack.ts'

const variables = {
  s3: 'CONFORMANCE_S3_URL',
  dynamodb: 'CONFORMANCE_DYNAMODB_URL',
  stack: 'CONFORMANCE_STACK',
} as const
type Subject = keyof typeof variables
const subjects = Object.keys(variables) as Subject[]
const usage = 'Usage: npm run conformance -- [--s3 URL] [--dynamodb URL | --dynamodb aws] [--stack NAME]'

function readOptions(): Partial<Record<Subject, string>> {
  const options = { s3: { type: 'string' }, dynamodb: { type: 'string' }, stack: { type: 'string' } } as const
  const { values } = parseArgs({ options })
  for (const service of ['s3', 'dynamodb'] as const) {
    const url = values[service]
    if (url === undefined || (service === 'dynamodb' && url === 'aws')) continue
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new Error(`--${service} wants the http or https URL of an endpoint, not '${url}'`)
  }
  return values
}

async function main(): Promise<number> {
  const options = readOptions()
  if (options.stack !== undefined) {
    const { name, url, bucket, table, region } = await readStack(options.stack)
    console.log(`${name} in ${region}: ${url}, vault ${bucket}, catalogue ${table}`)
  }
  const given = subjects.filter(subject => options[subject] !== undefined)
  const files = (given.length > 0 ? given : subjects).map(subject => `test/conformance/${subject}.test.ts`)
  const env = { ...process.env, ...Object.fromEntries(given.map(subject => [variables[subject], options[subject]])) }
  const root = join(import.meta.dirname, '..')
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const child = spawn(process.execPath, [vitest, 'run', ...files], { cwd: root, env, stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  return typeof code === 'number' ? code : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Failure ? error.line : `${error instanceof Error ? error.message : error}\n${usage}`)
  process.exitCode = 2
}
