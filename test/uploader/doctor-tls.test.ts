import { readFile } from 'node:fs/promises'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { run, runOk } from '../support/run.ts'
import { temporaryDirectory } from './directory.ts'
import { newHost } from './host.ts'

/** A device that ends TLS with a certificate of its own and passes on what it read. */
let cloud: TestCloud
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let device: https.Server
let url: string

beforeAll(async () => {
  cloud = await startTestCloud()
  directory = await temporaryDirectory()
  const file = (name: string) => directory.in(name)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const authority = [
    '-subj',
    '/O=Example Inspection/CN=Example Root',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  ]
  await runOk('openssl', ['req', '-x509', ...key, ...authority])
  const own = ['-subj', '/CN=receiver', '-addext', 'subjectAltName=IP:127.0.0.1']
  const signed = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-keyout', file('key.pem'), '-out', file('cert.pem')]
  await runOk('openssl', ['req', '-x509', ...key, ...own, ...signed])
  const pair = { key: await readFile(file('key.pem')), cert: await readFile(file('cert.pem')) }
  device = https.createServer(pair, async (incoming, outgoing) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const { host: _, ...headers } = incoming.headers
    const answer = await fetch(cloud.url + incoming.url, {
      method: incoming.method!,
      headers: headers as Record<string, string>,
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    })
    outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  })
  await new Promise<void>(resolve => device.listen(0, '127.0.0.1', resolve))
  url = `https://127.0.0.1:${(device.address() as AddressInfo).port}`
})
afterAll(async () => {
  device?.closeAllConnections()
  device?.close()
  await directory?.[Symbol.asyncDispose]()
  await cloud?.close()
})

const main = join(import.meta.dirname, '../../uploader/main.ts')

test('who reads TLS on the way is named: refused where the authority is not trusted, a warning where it is', async () => {
  await using host = await newHost(cloud)
  await host.configure(`receiver: ${url}`)
  const doctor = async (env: Record<string, string>) => {
    const finished = await run(process.execPath, [main, 'doctor', '--json', '--config', host.config], { env })
    const { checks } = JSON.parse(finished.stdout)
    return { code: finished.code, tls: checks.find(({ check }: { check: string }) => check === 'tls') }
  }
  const refused = await doctor({})
  expect(refused.code).toBe(1)
  expect(refused.tls).toMatchObject({ outcome: 'failed', code: 'certificate-untrusted' })
  expect(refused.tls.why).toContain('Example Root')

  const believed = await doctor({ NODE_EXTRA_CA_CERTS: directory.in('ca.pem') })
  expect(believed.code).toBe(3)
  expect(believed.tls).toMatchObject({ outcome: 'warning', code: 'tls-private-authority' })
  expect(believed.tls.what).toContain('issued by Example Inspection, Example Root, which is no public authority')

  await host.configure(`receiver: ${url}\nnetwork: { caFile: ${directory.in('ca.pem')} }`)
  expect((await doctor({})).tls).toMatchObject({ outcome: 'warning', code: 'tls-private-authority' })
})
