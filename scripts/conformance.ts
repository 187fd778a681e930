/**
 * `npm run conformance -- --s3 URL` or `-- --dynamodb URL`: runs the conformance file of a service against any endpoint, so that the
 * stand-ins of the embedded cloud can be compared with real servers. Credentials and region are the AWS SDK's
 * (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION); CONFORMANCE_S3_BUCKET names a bucket with object lock to use.
 * Without an option both run against the stand-ins.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const services = { s3: 'CONFORMANCE_S3_URL', dynamodb: 'CONFORMANCE_DYNAMODB_URL' } as const
const usage = 'Usage: npm run conformance -- [--s3 URL] [--dynamodb URL]'

function readUrls(): { s3?: string; dynamodb?: string } {
  const { values } = parseArgs({ options: { s3: { type: 'string' }, dynamodb: { type: 'string' } } })
  for (const [service, url] of Object.entries(values))
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new Error(`--${service} wants the http or https URL of an endpoint, not '${url}'`)
  return values
}

async function main(): Promise<number> {
  const urls = readUrls()
  const chosen = (['s3', 'dynamodb'] as const).filter(service => urls[service] !== undefined)
  const files = (chosen.length > 0 ? chosen : (['s3', 'dynamodb'] as const)).map(
    service => `test/conformance/${service}.test.ts`,
  )
  const env = { ...process.env, ...Object.fromEntries(chosen.map(service => [services[service], urls[service]])) }
  const root = join(import.meta.dirname, '..')
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const child = spawn(process.execPath, [vitest, 'run', ...files], { cwd: root, env, stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  return typeof code === 'number' ? code : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n${usage}`)
  process.exitCode = 2
}
