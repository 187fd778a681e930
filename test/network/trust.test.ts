import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ReceiverResponse } from '../../shared/api/agent.ts'
import { newUlid } from '../../shared/ids.ts'
import { newSigningKey } from '../../shared/jws.ts'
import { type NetworkSettings, openNetwork } from '../../uploader/network/network.ts'
import { unsigned } from '../../uploader/receiver/authorisation.ts'
import { ReceiverClient } from '../../uploader/receiver/client.ts'
import type { AgentState } from '../../uploader/state/agent.ts'
import { lastJson, run } from '../support/run.ts'
import { temporaryDirectory } from '../uploader/directory.ts'
import { type Certificate, newAuthority } from './certificates.ts'
import { startHost, startProxy } from './servers.ts'

// What a process has once been told to trust it trusts to its end: the tests that are refused come first.
const { signal } = new AbortController()
const good = JSON.stringify({ receiver: 'main', name: 'Main', time: '2026-11-22T12:00:00Z' })
let authority: Awaited<ReturnType<typeof newAuthority>>
let tls: Certificate
beforeAll(async () => {
  authority = await newAuthority('Example Corp Inspection CA')
  tls = await authority.issue(['DNS:localhost', 'IP:127.0.0.1', 'IP:::1'])
})
afterAll(() => authority[Symbol.asyncDispose]())

const receiver = (certificate = tls, address?: string) =>
  startHost((_request, response) => response.end(good), { tls: certificate, ...(address && { address }) })

async function ask(url: string, settings: NetworkSettings) {
  const connections = (await openNetwork(settings, {}, signal)).connections(1)
  const now = () => new Date()
  const client = new ReceiverClient({ url, authorise: unsigned, connections, signal, now, patience: 5000 })
  return client.call('GET', '/v1/receiver', ReceiverResponse)
}

test.each(['directly', 'through a proxy'])('an authority that nobody trusts is named (%s)', async way => {
  await using host = await receiver()
  await using proxy = await startProxy()
  const failure = await ask(host.url, way === 'directly' ? {} : { proxy: { url: proxy.url } }).catch(error => error)
  expect(failure).toMatchObject({ code: 'certificate-untrusted', retriable: false })
  expect(failure.message).toContain(host.url)
  expect(failure.why).toContain('"Example Corp Inspection CA"')
  expect(failure.fix).toContain('network.caFile')
})

test.each([
  ['does not exist', undefined, 'ENOENT'],
  ['holds no certificate', 'BEGIN', 'no certificate'],
  ['holds a damaged one', '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUPcSt\n-----END CERTIFICATE-----\n', ''],
])('a caFile that %s is refused', async (_what, content, why) => {
  await using directory = await temporaryDirectory()
  const caFile = directory.in('ca.pem')
  if (content !== undefined) await writeFile(caFile, content)
  const failure = await openNetwork({ caFile }, {}, signal).catch(error => error)
  expect(failure).toMatchObject({ code: 'ca-file-invalid', why: expect.stringContaining(why) })
  expect(failure.message).toContain(caFile)
})

test('the store of the system is believed by a real command, and the caFile by another; neither means nobody', async () => {
  await using host = await startHost((_request, response) => response.end('{"sources":[]}'), { tls })
  await using directory = await temporaryDirectory()
  const list = async (lines: string[], env: Record<string, string>) => {
    const config = directory.in('failsafe.yaml')
    await writeFile(config, [`state: { dir: ${directory.path} }`, ...lines].join('\n'), { mode: 0o600 })
    return run(process.execPath, ['uploader/main.ts', 'list', '--json', '--config', config], { env })
  }
  const agent: AgentState = {
    format: 'failsafe.agent/1',
    receiver: { url: host.url, id: 'main' },
    tenant: 'acme',
    agent: `acme.${newUlid()}`,
    name: 'host',
    key: await newSigningKey(),
    customerKey: null,
    certificate: null,
    recipients: ['age1x'],
    succession: [],
  }
  await writeFile(directory.in('agent.json'), JSON.stringify(agent), { mode: 0o600 })

  const refused = await list([], {})
  expect(refused.code).toBe(1)
  expect(lastJson(refused)).toMatchObject({ type: 'error', code: 'certificate-untrusted' })
  const bySystem = await list([], { SSL_CERT_FILE: authority.file })
  expect(bySystem.code, bySystem.stdout).toBe(0)
  const byFile = await list([`network: { caFile: ${authority.file} }`], {})
  expect(byFile.code, byFile.stdout).toBe(0)
  await using proxy = await startProxy()
  const byProxy = await list([`network: { caFile: ${authority.file}, proxy: ${proxy.url} }`], {})
  expect(byProxy.code, byProxy.stdout).toBe(0)
  expect(proxy.asked).toEqual([`CONNECT 127.0.0.1:${host.port}`])
})

test('with its caFile it is trusted; by name, and by address of either family, through a proxy too', async () => {
  const settings = { caFile: authority.file }
  await using four = await receiver()
  await using six = await receiver(tls, '::1')
  await using proxy = await startProxy()
  for (const url of [four.url, six.url, `https://localhost:${four.port}`]) {
    expect(await ask(url, settings)).toMatchObject({ receiver: 'main' })
    expect(await ask(url, { ...settings, proxy: { url: proxy.url } })).toMatchObject({ receiver: 'main' })
  }
  expect(proxy.asked).toContain(`CONNECT [::1]:${six.port}`)
})

test('a certificate of another name, or of another time, is told as that', async () => {
  const settings = { caFile: authority.file }
  await using other = await receiver(await authority.issue(['DNS:other.example.net']))
  await expect(ask(other.url, settings)).rejects.toMatchObject({
    code: 'certificate-untrusted',
    why: expect.stringContaining('127.0.0.1'),
    fix: 'Check the address, and the clock of this machine',
  })
  await using old = await receiver(await authority.issue(['IP:127.0.0.1'], { days: 0 }))
  await expect(ask(old.url, settings)).rejects.toMatchObject({
    code: 'certificate-untrusted',
    why: expect.stringContaining('CERT_HAS_EXPIRED'),
  })
})
