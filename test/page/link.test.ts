import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Fault } from '../../infra/local/s3/fault.ts'
import { runOk } from '../support/run.ts'
import { VaultDisk } from '../support/vault.ts'
import { newHost } from '../uploader/host.ts'
import { expectAccessible } from './accessible.ts'
import { type Link, newScene, type Scene } from './scene.ts'
import { launch } from './support.ts'

/** A person with a link: the real page, receiver and vault, a real backup, and a real browser. */
let scene: Scene
let browser: Browser
let context: BrowserContext
let page: Page
/** What the program restores: each file is what the page must give. */
let restored: string
/** Good for a minute only; it was made when the tests began. */
let brief: Link
/** Of the next reads of packs. */
let faults: Fault[] = []

beforeAll(async () => {
  ;[scene, browser] = await Promise.all([
    newScene({
      intercept: ({ method, url = '' }) => (method === 'GET' && /\.pack/.test(url) ? faults.shift() : undefined),
    }),
    launch(),
  ])
  const { host } = scene
  restored = host.in('restored')
  const restore = await host.failsafe(['restore', 'shop', '--to', restored, '--identity', host.kit])
  expect(restore.code, restore.stderr).toBe(0)
  brief = await scene.link('--expires', '1m')
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await scene?.[Symbol.asyncDispose]()
})
beforeEach(async () => {
  context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin' })
  // Nobody can answer the browser's own questions here: downloads it is.
  await context.addInitScript('delete globalThis.showSaveFilePicker; delete globalThis.showDirectoryPicker')
  page = await context.newPage()
})
afterEach(() => context.close())

const button = (name: string | RegExp) => page.getByRole('button', { name })
const heading = (name: string | RegExp) => page.getByRole('heading', { name })
const answer = () => heading(/^You can restore shop/)

/** @param unfold whether the way through the browser is closed yet */
async function giveKit(kit: string, to = page, unfold = true): Promise<void> {
  if (unfold) await to.getByText('Here, in the browser').click()
  await to.getByLabel('Paste the recovery kit').fill(kit)
  await to.getByRole('button', { name: 'Open the backup' }).click()
}

async function download(file: string): Promise<Buffer> {
  const [saved] = await Promise.all([page.waitForEvent('download'), button(`Download ${file}`).click()])
  return readFile(await saved.path())
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile())
  return files.map(({ parentPath, name }) => relative(folder, join(parentPath, name))).sort()
}

const rows = async () => (await readdir(restored)).find(name => /^shop\.orders\.\d+\.sql$/.test(name))!

describe('whoever opens a link', () => {
  test('is told first what can be restored, and gets a file, opened and checked, that is the one of the source', async () => {
    const { url } = await scene.link('--uses', '1')
    await page.goto(url)
    await answer().waitFor()
    await expectAccessible(page)
    await giveKit(await readFile(scene.host.kit, 'utf8'))
    const name = await rows()
    await button(`Download ${name}`).waitFor()
    await expectAccessible(page)
    for (const file of [name, 'shop.customers-schema.sql'])
      expect((await download(file)).equals(await readFile(join(restored, file))), file).toBe(true)
    await page.getByText(/is saved; every byte was compared/).waitFor()
    await expectAccessible(page)
    await page.getByText(/, from 127\.0\.0\.1, 1 backup/).waitFor()
  })

  test('finds everything in one archive', async () => {
    await page.goto((await scene.link()).url)
    await giveKit(await readFile(scene.host.kit, 'utf8'))
    const [saved] = await Promise.all([page.waitForEvent('download'), button(/^Download all of it/).click()])
    const folder = scene.host.in(`all-${Date.now()}`)
    await mkdir(folder)
    await runOk('tar', ['-xf', await saved.path(), '-C', folder])
    const files = (await filesIn(restored)).filter(name => name !== 'RESTORE.md')
    expect(await filesIn(folder)).toEqual(files)
    for (const file of files)
      expect((await readFile(join(folder, file))).equals(await readFile(join(restored, file))), file).toBe(true)
  })

  test('consumes no use by looking, and one by opening', async () => {
    const { url } = await scene.link('--uses', '2')
    const usesLeft = async () => {
      const response = await fetch(`${new URL(url).origin}/v1/link`, {
        headers: { authorization: `Bearer ${new URL(url).hash.slice(1)}` },
      })
      return ((await response.json()) as { usesLeft: number }).usesLeft
    }
    await page.goto(url)
    await answer().waitFor()
    await page.reload()
    await answer().waitFor()
    expect(await usesLeft()).toBe(2)
    await giveKit(await readFile(scene.host.kit, 'utf8'))
    await button(/^Download all of it/).waitFor()
    expect(await usesLeft()).toBe(1)
    await expect.poll(() => page.locator('dt:text("Uses left") + dd').textContent()).toBe('1')
    // the same choice in the same tab is the same use
    await page.reload()
    await answer().waitFor()
    await giveKit(await readFile(scene.host.kit, 'utf8'))
    await button(/^Download all of it/).waitFor()
    expect(await usesLeft()).toBe(1)
    const another = await context.newPage()
    await another.goto(url)
    await giveKit(await readFile(scene.host.kit, 'utf8'), another)
    // another tab is another use; and a link is for twice its bytes, whatever uses it has
    await another.getByText('As much as this link allows was already fetched').waitFor()
    expect(await usesLeft()).toBe(0)
    await expectAccessible(another)
  })

  test('goes on with what the last use was for when the page is loaded again, in this tab alone', async () => {
    const { url } = await scene.link('--uses', '1')
    const kit = await readFile(scene.host.kit, 'utf8')
    await page.goto(url)
    await giveKit(kit)
    await button(/^Download all of it/).waitFor()
    await page.reload()
    await page.getByText('Here, in the browser').click()
    await page.getByText('This restore was counted already').first().waitFor()
    await giveKit(kit, page, false)
    expect((await download('shop.customers-schema.sql')).length).toBeGreaterThan(0)
    const another = await context.newPage()
    await another.goto(url)
    await another.getByRole('heading', { name: 'This link can no longer be used' }).waitFor()
  })

  test('leaves the secret and the kit nowhere but in the calls that need them', async () => {
    const { url } = await scene.link()
    const [secret, kit] = [new URL(url).hash.slice(1), await readFile(scene.host.kit, 'utf8')]
    const identity = /^AGE-SECRET-KEY-\S+/m.exec(kit)![0]
    const lines: string[] = []
    const bodies: string[] = []
    context.on('request', request => {
      lines.push(`${request.url()} ${request.headers().referer ?? ''}`)
      bodies.push(request.postData() ?? '')
    })
    page.on('console', message => lines.push(message.text()))
    await page.goto(url)
    await giveKit(kit)
    await button(/^Download all of it/).waitFor()
    const kept = await page.evaluate(async () => [
      JSON.stringify(localStorage),
      JSON.stringify(sessionStorage),
      document.cookie,
      JSON.stringify(await indexedDB.databases()),
      JSON.stringify(await caches.keys()),
      JSON.stringify(history.state),
    ])
    expect(kept.at(-1)).toContain('granted')
    const navigation = url.split('#')[0]!
    expect(lines.filter(line => line.includes(secret)).map(line => line.split('#')[0])).toEqual(
      lines.filter(line => line.includes(secret)).map(() => navigation),
    )
    for (const text of [...lines, ...bodies, ...kept]) expect(text).not.toContain(identity)
    for (const text of [...bodies, ...kept]) expect(text).not.toContain(secret)
    expect(await page.content()).not.toContain(identity)
  })

  test('is asked for the passcode where there is one, and a wrong one is told', async () => {
    await page.goto((await scene.link('--passcode', 'right one')).url)
    await heading('This link needs a passcode').waitFor()
    await expectAccessible(page)
    await page.getByLabel('Passcode').fill('wrong one')
    await button('Go on').click()
    await page.getByText('That passcode is wrong').waitFor()
    await expectAccessible(page)
    await page.getByLabel('Passcode').fill('right one')
    await button('Go on').click()
    await answer().waitFor()
    await giveKit(await readFile(scene.host.kit, 'utf8'))
    expect((await download('shop.customers-schema.sql')).length).toBeGreaterThan(0)
  })

  test('reads German where the browser does', async () => {
    const german = await browser.newContext({ locale: 'de-DE' })
    const seite = await german.newPage()
    await seite.goto((await scene.link()).url)
    await seite.getByRole('heading', { level: 1 }).getByText('shop').waitFor()
    expect(await seite.locator('html').getAttribute('lang')).toBe('de')
    await german.close()
  })
})

test('a download that is under way says how far it is, can be stopped, and says that what is there is not whole', async () => {
  await page.goto((await scene.link()).url)
  await giveKit(await readFile(scene.host.kit, 'utf8'))
  const name = await rows()
  await button(`Download ${name}`).waitFor()
  // a line so slow that nothing comes
  let goOn = () => {}
  const held = new Promise<void>(resolve => {
    goOn = resolve
  })
  await context.route(/\.pack/, async route => {
    await held
    await route.continue()
  })
  await button(`Download ${name}`).click()
  await page.getByRole('progressbar').waitFor()
  await expectAccessible(page)
  await button('Stop').click()
  await page.getByText('Stopped. What is there of the file is not whole.').waitFor()
  await expectAccessible(page)
  goOn()
})

describe('what goes wrong is told, and what to do:', () => {
  test('the kit of somebody else', async () => {
    await using other = await newHost(scene.cloud)
    await page.goto((await scene.link()).url)
    await giveKit(await readFile(other.kit, 'utf8'))
    await page.getByText('This kit does not open the backup').waitFor()
    const recipient = /^# recipient: (\S+)/m.exec(await readFile(scene.host.kit, 'utf8'))![1]!
    await page.getByText(recipient).waitFor()
    await expectAccessible(page)
  })

  test('something that is no kit, before a use is consumed', async () => {
    await page.goto((await scene.link('--uses', '1')).url)
    await giveKit('my cat’s name')
    await page.getByText('This is no recovery kit').waitFor()
    await page.getByLabel('Paste the recovery kit').fill(await readFile(scene.host.kit, 'utf8'))
    await button('Open the backup').click()
    await button(/^Download all of it/).waitFor()
  })

  test('a pack that was tampered with is refused by name, and the download fails', async () => {
    const vault = new VaultDisk(scene.cloud)
    const packs = await Promise.all(
      vault
        .keys(scene.snapshot)
        .flatMap(key => (key.endsWith('.pack') ? [vault.read(key).then(bytes => ({ key, bytes }))] : [])),
    )
    const largest = packs.reduce((a, b) => (b.bytes.length > a.bytes.length ? b : a))
    const flip = (bytes: Buffer) => {
      const changed = Buffer.from(bytes)
      changed[Math.floor(bytes.length / 3)]! ^= 1
      return changed
    }
    await page.goto((await scene.link()).url)
    await giveKit(await readFile(scene.host.kit, 'utf8'))
    await button(/^Download all of it/).waitFor()
    await vault.whileChanged(largest.key, flip, async () => {
      const [saved] = await Promise.all([page.waitForEvent('download'), button(/^Download all of it/).click()])
      expect(await saved.failure()).not.toBeNull()
      await page.getByText('The file is damaged').waitFor()
    })
    await expectAccessible(page)
  })

  test('a network that goes away in the middle, and then the download goes on', async () => {
    await page.goto((await scene.link()).url)
    await giveKit(await readFile(scene.host.kit, 'utf8'))
    const name = await rows()
    await button(`Download ${name}`).waitFor()
    const ranges: string[] = []
    context.on('request', request => {
      if (request.method() === 'GET' && /\.pack/.test(request.url())) ranges.push(request.headers().range!)
    })
    faults = [{ kind: 'cut', after: 50_000 }, { kind: 'reset' }, { kind: 'cut', after: 100_000 }]
    expect((await download(name)).equals(await readFile(join(restored, name)))).toBe(true)
    expect(faults).toEqual([])
    // each goes on behind what has come; of what a line carried before it broke a browser may throw the last away
    const begins = ranges.map(range => Number(/\d+/.exec(range)![0]))
    expect(begins).toHaveLength(4)
    expect(begins).toEqual(begins.toSorted((a, b) => a - b))
    expect(begins.at(-1)).toBeGreaterThan(begins[0]!)
  })

  test('a page that is older than its receiver', async () => {
    await page.goto((await scene.link('--uses', '1')).url)
    await answer().waitFor()
    // the receiver has it no longer, as after a deployment: this is its own answer to a name that it does not know
    await context.route(/\/r\/worker-/, route =>
      route.continue({
        url: route
          .request()
          .url()
          .replace(/worker-\w+/, 'worker-GONE0000'),
      }),
    )
    await giveKit(await readFile(scene.host.kit, 'utf8'))
    await page.getByText('This page is out of date').waitFor()
    await expectAccessible(page)
    await context.unrouteAll()
    await button('Load the page again').click()
    await answer().waitFor()
    await giveKit(await readFile(scene.host.kit, 'utf8'))
    expect((await download('shop.customers-schema.sql')).length).toBeGreaterThan(0)
  })

  test('a link that is used up', async () => {
    const { url } = await scene.link('--uses', '1')
    await page.goto(url)
    await giveKit(await readFile(scene.host.kit, 'utf8'))
    await button(/^Download all of it/).waitFor()
    await page.goto('about:blank')
    await page.goto(url)
    await expectEnded()
  })

  test('a link that was revoked, here or by who made it', async () => {
    const { url } = await scene.link()
    await page.goto(url)
    await button('Revoke this link').click()
    await expectAccessible(page)
    await button('Yes, revoke it').click()
    await heading('The link is revoked').waitFor()
    await page.reload()
    await heading('This link can no longer be used').waitFor()
    await expectEnded()
  })

  test('an address without its secret', async () => {
    await page.goto((await scene.link()).url.split('#')[0]!)
    await heading('The link is not whole').waitFor()
    await expectAccessible(page)
  })

  test('a link whose time is over', async () => {
    const wait = Date.parse(brief.expiresAt) - Date.now()
    if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait))
    await page.goto(brief.url)
    await heading('This link can no longer be used').waitFor()
    await expectEnded()
  }, 120_000)

  /** Who to ask, and nothing of the backup. */
  async function expectEnded(): Promise<void> {
    await page
      .getByText(/whoever sent you the link/i)
      .first()
      .waitFor()
    await expectAccessible(page)
  }
})
