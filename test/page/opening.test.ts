import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Choice, Opened } from '../../lambdas/restore-page/app/opening/restoration.ts'
import { fingerprintOf, newSigningKey } from '../../shared/jws.ts'
import { type Fault, type Keys, type Made, makeSnapshot, newKeys, noise } from '../restore/support.ts'
import { text } from '../sealed/support.ts'
import { bundle, kitOf, launch, openPage, secret, startReceiver, tell } from './support.ts'

const large = 'shop.orders.00000.sql'
const MiB = 1024 * 1024
let scripts: Map<string, string>
let browser: Browser
let keys: Keys
let files: Record<string, Uint8Array>
let made: Made
beforeAll(async () => {
  ;[scripts, browser, keys] = await Promise.all([bundle(), launch(), newKeys()])
  files = {
    [large]: Buffer.concat([text(8 * MiB), noise(12 * MiB)]),
    'größe, des Kunden.sql': text(50_000),
    empty: Buffer.alloc(0),
  }
  made = await makeSnapshot(keys, { files })
})
afterAll(() => browser.close())

const open = (page: Page, identity: string, change: Partial<Choice> = {}, link = secret) =>
  tell(page, 'open', link, { source: made.manifest.source, ...change }, identity)

/** Serves half of the first range that is longer than a MiB, and then no more. */
function cutOnce(): Fault & { cuts: number } {
  const fault = ({ range, url, response }: Parameters<Fault>[0]) => {
    const [from, to] = range.slice('bytes='.length).split('-').map(Number) as [number, number]
    if (fault.cuts > 0 || to - from < MiB) return undefined
    fault.cuts++
    const pack = made.packs.get(Number(url.split(/[/?]/)[2]))!
    response.writeHead(206, {
      'content-range': `bytes ${from}-${to}/${pack.length}`,
      'content-length': to - from + 1,
    })
    response.write(pack.subarray(from, (from + to) / 2), () => response.destroy())
    return true as const
  }
  fault.cuts = 0
  return fault
}

test('a file of 20 MiB is downloaded, opened and checked in the browser, although the network breaks in the middle', async () => {
  const fault = cutOnce()
  await using receiver = await startReceiver(scripts, [made], fault)
  const page = await openPage(browser, receiver.origin)
  const { value } = await open(page, await kitOf(keys))
  const opened = value as Opened
  expect(opened).toMatchObject({ source: made.manifest.source, sourceName: 'shop', engine: 'mysql', at: null })
  expect(opened.signers).toEqual([
    { agent: made.manifest.agent, fingerprint: await fingerprintOf(keys.agentKey), proven: true },
  ])
  expect(opened.artefacts.map(({ file, size }) => [file, size])).toEqual(
    Object.entries(files).map(([name, content]) => [name, content.length]),
  )
  for (const [name, content] of Object.entries(files)) {
    const [download, saved] = await Promise.all([page.waitForEvent('download'), tell(page, 'save', name)])
    expect(saved).toEqual({ value: 'saved' })
    expect(download.suggestedFilename()).toBe(name)
    expect((await readFile(await download.path())).equals(content)).toBe(true)
  }
  expect(fault.cuts).toBe(1)

  // The secret is in the header of the page's own calls and nowhere else.
  const urls = receiver.requests.map(({ url, headers }) => `${url} ${headers.referer ?? ''}`).join('\n')
  expect(urls).not.toContain(secret)
  expect(receiver.requests.filter(({ headers }) => headers.authorization).map(({ url }) => url.slice(0, 4))).toEqual(
    receiver.requests.filter(({ url }) => url.startsWith('/v1/')).map(() => '/v1/'),
  )
  await page.close()
})

test('a tampered pack fails the download, and the artefact is named', async () => {
  const packs = new Map([...made.packs].map(([n, bytes]) => [n, Buffer.from(bytes)] as const))
  packs.get(1)![10 * MiB]! ^= 1
  await using receiver = await startReceiver(scripts, [{ ...made, packs }])
  const page = await openPage(browser, receiver.origin)
  await open(page, await kitOf(keys))
  const [download, saved] = await Promise.all([page.waitForEvent('download'), tell(page, 'save', large)])
  expect(saved.code).toBe('artefact-damaged')
  expect(await download.failure()).not.toBeNull()
  await page.close()
})

test('without pickers all files come as one archive', async () => {
  await using receiver = await startReceiver(scripts, [made])
  const page = await openPage(browser, receiver.origin)
  await open(page, await kitOf(keys))
  const [download, saved] = await Promise.all([page.waitForEvent('download'), tell(page, 'saveAll', 'shop.tar')])
  expect(saved).toEqual({ value: 'saved' })
  const archive = await download.path()
  for (const [name, content] of Object.entries(files)) {
    const extracted = execFileSync('tar', ['-xOf', archive, name], { maxBuffer: 64 * MiB, env: { LC_ALL: 'C.UTF-8' } })
    expect(extracted.equals(content)).toBe(true)
  }
  await page.close()
})

test('where the browser can write files, one that fails is not left behind', async () => {
  const packs = new Map([...made.packs].map(([n, bytes]) => [n, Buffer.from(bytes)] as const))
  packs.get(1)![10 * MiB]! ^= 1
  await using receiver = await startReceiver(scripts, [{ ...made, packs }])
  const page = await openPage(browser, receiver.origin)
  await open(page, await kitOf(keys))
  await tell(page, 'pickFilesWithoutAsking')
  expect(await tell(page, 'save', 'empty')).toEqual({ value: 'saved' })
  expect((await tell(page, 'save', large)).code).toBe('artefact-damaged')
  expect(await tell(page, 'files')).toEqual(['empty'])
  expect(await tell(page, 'saveAll', 'shop.tar')).toMatchObject({ code: 'artefact-damaged' })
  expect(await tell(page, 'files')).toEqual(['empty'])
  await page.close()
})

test('where the browser can write folders, all files come into one, and nothing there is written over', async () => {
  await using receiver = await startReceiver(scripts, [made])
  const page = await openPage(browser, receiver.origin)
  await open(page, await kitOf(keys))
  await tell(page, 'pickFilesWithoutAsking')
  expect(await tell(page, 'saveAll', 'shop.tar')).toEqual({ value: 'saved' })
  expect(await tell(page, 'files')).toEqual(
    Object.keys(files)
      .map(name => `picked/${name}`)
      .sort(),
  )
  expect(await tell(page, 'progress')).toBeGreaterThan(0)
  expect((await tell(page, 'saveAll', 'shop.tar')).code).toBe('refused')
  await page.close()
})

test('a download that the person cancels ends the fetch', async () => {
  const content = { slow: noise(30 * MiB) }
  const slow = await makeSnapshot(keys, { files: content })
  await using receiver = await startReceiver(scripts, [slow])
  const page = await openPage(browser, receiver.origin)
  await tell(page, 'open', secret, { source: slow.manifest.source }, keys.identity)
  const saved = tell(page, 'save', 'slow')
  await (await page.waitForEvent('download')).cancel()
  expect(await saved).toEqual({ value: 'refused' })
  await page.close()
})

describe('what is refused is named', () => {
  let page: Page
  let receiver: Awaited<ReturnType<typeof startReceiver>>
  beforeAll(async () => {
    receiver = await startReceiver(scripts, [made])
    page = await openPage(browser, receiver.origin)
  })
  afterAll(async () => {
    await page.close()
    await receiver[Symbol.asyncDispose]()
  })

  test('a text that is no identity, before a use of the link is consumed', async () => {
    const before = receiver.requests.length
    expect((await open(page, 'abc')).code).toBe('identity-invalid')
    expect((await open(page, keys.identity.slice(0, -1))).code).toBe('identity-invalid')
    expect(receiver.requests.slice(before).filter(({ url }) => url.startsWith('/v1/'))).toEqual([])
  })

  test('the identity of somebody else', async () => {
    const { identity } = await newKeys()
    const before = receiver.requests.length
    expect((await open(page, identity)).code).toBe('identity-does-not-open')
    expect((await tell(page, 'openAgain', await kitOf(keys))).value).toMatchObject({ sourceName: 'shop' })
    // One use of the link, and one signature for the one pack that was needed.
    const calls = receiver.requests.slice(before).filter(({ url }) => url.startsWith('/v1/'))
    expect(calls.map(({ url }) => url)).toEqual(['/v1/restore-manifests', '/v1/restore-manifests/rm1/urls'])
  })

  test('a link that is over', async () => {
    expect((await open(page, await kitOf(keys), {}, 'another')).code).toBe('link-invalid')
  })

  test('an agent that the kit does not vouch for, until the person does', async () => {
    const kit = await kitOf({ ...keys, customerKey: await newSigningKey() })
    const fingerprint = await fingerprintOf(keys.agentKey)
    const { code, why } = await open(page, kit)
    expect(code).toBe('manifest-untrusted')
    expect(why).toContain(fingerprint)
    const { value } = await open(page, kit, { trust: [fingerprint] })
    expect((value as Opened).signers).toMatchObject([{ fingerprint, proven: true }])
  })

  test('that nobody vouches for the signer where the identity is no kit', async () => {
    const { value } = await open(page, keys.identity)
    expect((value as Opened).signers).toMatchObject([{ proven: false }])
  })
})
