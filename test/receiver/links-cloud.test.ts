import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { run } from '../support/run.ts'
import { backUp, enrolAgent, fullEntry, registerSource, type TestAgent } from './agent.ts'
import { reach } from './reach.ts'
import { ok, type Reachable, requestOf } from './support.ts'

/** Links behind the gateway, with the roles of the stack, and with the program that providers have. */

let cloud: TestCloud
let receiver: Reachable
let agent: TestAgent
let source: string
let snapshot: string
beforeAll(async () => {
  cloud = await startTestCloud()
  receiver = await reach(cloud)
  agent = await enrolAgent(receiver, 'acme')
  source = await registerSource(agent, 'shop')
  ;({ snapshot } = await backUp(agent, source, 'full', [
    fullEntry('a', 10, new Date(Date.now() - 60_000).toISOString()),
  ]))
}, 120_000)
afterAll(() => cloud?.close())

const provider = (...args: string[]) => run(process.execPath, ['admin/main.ts', ...args, '--local', cloud.directory])

async function made(...options: string[]): Promise<{ name: string; authorization: string }> {
  const { code, stdout, stderr } = await provider('link', 'acme/shop', ...options, '--json')
  expect([code, stderr]).toEqual([0, expect.stringContaining('--revoke')])
  const { name, url } = JSON.parse(stdout)
  return { name, authorization: `Bearer ${url.slice(url.indexOf('#') + 1)}` }
}

const ask = (
  { authorization }: { authorization: string },
  method: string,
  target: string,
  body?: unknown,
  headers = {},
) => receiver.send(requestOf(method, target, body, { authorization, ...headers }))

it("a link's addresses are held against the one that the gateway saw, whatever a header says", async () => {
  const here = await made('--from-address', '203.0.113.0/24', '--from-address', '127.0.0.1')
  expect((await ask(here, 'GET', '/v1/link')).status).toBe(200)
  const elsewhere = await made('--from-address', '203.0.113.0/24', '--from-address', '2001:db8::/32')
  const spoofed = { 'x-forwarded-for': '203.0.113.7', forwarded: 'for=203.0.113.7' }
  expect((await ask(elsewhere, 'GET', '/v1/link', undefined, spoofed)).body.code).toBe('address-refused')
}, 60_000)

it('the provider limits, lists and ends a link, and its holder can do no more than it says', async () => {
  const until = new Date(Date.now() - 30_000).toISOString()
  const link = await made('--uses', '1', '--unit', 'a', '--until', until, '--passcode', 'three words here')
  const passcode = { 'x-failsafe-passcode': 'three words here' }
  const plan = (body: object) => ask(link, 'POST', '/v1/restore-manifests', { source, ...body }, passcode)
  expect((await plan({ at: new Date().toISOString() })).body.code).toBe('out-of-scope')
  const { id, snapshots, units } = ok(await plan({ idempotencyKey: 'the-same-request' }))
  expect([snapshots.length, units]).toEqual([1, ['a']])
  expect(ok(await plan({ idempotencyKey: 'the-same-request' })).id).toBe(id)
  expect((await plan({})).body.code).toBe('link-invalid')
  const request = { packs: [{ snapshot, pack: 1 }] }
  const { urls } = ok(await ask(link, 'POST', `/v1/restore-manifests/${id}/urls`, request, passcode))
  const { length } = Buffer.from(await (await fetch(urls[0].url)).arrayBuffer())

  const listed = JSON.parse((await provider('links', 'acme', '--json')).stdout)
  const found = listed.links.find(({ name }: { name: string }) => name === link.name)
  expect(found).toMatchObject({
    uses: 1,
    used: 1,
    units: ['a'],
    until,
    passcode: true,
    signedBytes: length,
    agent: null,
  })
  const shown = await provider('links', 'acme')
  expect(shown.stdout).toMatch(new RegExp(`^${link.name} +shop +used up `, 'm'))
  expect((await provider('links', 'acme', '--revoke', link.name)).stdout).toContain(`Link ${link.name} ended at `)
  expect((await ask(link, 'GET', '/v1/link', undefined, passcode)).body.code).toBe('link-invalid')
  expect((await provider('links', 'acme')).stdout).toMatch(new RegExp(`^${link.name} +shop +ended `, 'm'))
  expect((await provider('links', 'acme', '--revoke', 'aaaaaaaaaaaa')).stderr).toContain('has no link aaaaaaaaaaaa')
}, 120_000)

it('the timeline answers behind the gateway, and a holder ends the link itself', async () => {
  const link = await made()
  const { units, snapshots, window } = ok(await ask(link, 'GET', `/v1/sources/${source}/timeline`))
  expect([units.length, snapshots.length, Object.keys(window)]).toEqual([1, 1, ['from', 'until']])
  ok(await ask(link, 'DELETE', '/v1/link'))
  expect((await ask(link, 'GET', '/v1/link')).body.code).toBe('link-invalid')
  const own = ok(await agent.call('POST', '/v1/links', { source, expiresSeconds: 600 }))
  expect(ok(await agent.call('DELETE', `/v1/links/${own.name}`)).name).toBe(own.name)
}, 60_000)
