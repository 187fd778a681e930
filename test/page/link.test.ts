import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runOk } from '../support/run.ts'
import { VaultDisk } from '../support/vault.ts'
import { newHost } from '../uploader/host.ts'
import { expectAccessible as accessible, tabTo } from './accessible.ts'
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

beforeAll(async () => {
  ;[scene, browser] = await Promise.all([newScene(), launch()])
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

const expectAccessible = () => accessible(page)
const focus = (name: string | RegExp) => tabTo(page, name)

async function giveKit(kit: string): Promise<void> {
  await page.getByText('Here, in the browser').click()
  await page.getByLabel('Paste the recovery kit').fill(kit)
  await button('Open the backup').click()
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
    await expectAccessible()
    await giveKit(await readFile(scene.host.kit, 'utf8'))
    const name = await rows()
    await button(`Download ${name}`).waitFor()
    await expectAccessible()
    for (const file of [name, 'shop.customers-schema.sql'])
      expect((await download(file)).equals(await readFile(join(restored, file))), file).toBe(true)
    await page.getByText(/is saved; every byte was compared/).waitFor()
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

  test('can do all of it with the keyboard alone', async () => {
    await page.goto((await scene.link()).url)
    await answer().waitFor()
    await focus(/Here, in the browser/)
    await page.keyboard.press('Enter')
    await focus(/Paste the recovery kit/)
    await page.keyboard.insertText(await readFile(scene.host.kit, 'utf8'))
    await focus('Open the backup')
    await page.keyboard.press('Enter')
    const name = 'shop.customers-schema.sql'
    await button(`Download ${name}`).waitFor()
    await focus(`Download ${name}`)
    const [saved] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
    expect((await readFile(await saved.path())).equals(await readFile(join(restored, name)))).toBe(true)
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
    ])
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
    await expectAccessible()
    await page.getByLabel('Passcode').fill('wrong one')
    await button('Go on').click()
    await page.getByText('That passcode is wrong').waitFor()
    await expectAccessible()
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

describe('what goes wrong is told, and what to do:', () => {
  test('the kit of somebody else', async () => {
    await using other = await newHost(scene.cloud)
    await page.goto((await scene.link()).url)
    await giveKit(await readFile(other.kit, 'utf8'))
    await page.getByText('This kit does not open the backup').waitFor()
    await expectAccessible()
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
    await expectAccessible()
  })

  test('a network that goes away in the middle, and then the download goes on', async () => {
    await page.goto((await scene.link()).url)
    await giveKit(await readFile(scene.host.kit, 'utf8'))
    const name = await rows()
    await button(`Download ${name}`).waitFor()
    let cuts = 0
    await context.route(/\.pack/, async route => {
      if (cuts++ < 2) await route.abort('connectionreset')
      else await route.continue()
    })
    expect((await download(name)).equals(await readFile(join(restored, name)))).toBe(true)
    expect(cuts).toBeGreaterThan(2)
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
    await expectAccessible()
    await button('Yes, revoke it').click()
    await heading('The link is revoked').waitFor()
    await page.reload()
    await heading('This link can no longer be used').waitFor()
    await expectEnded()
  })

  test('an address without its secret', async () => {
    await page.goto((await scene.link()).url.split('#')[0]!)
    await heading('The link is not whole').waitFor()
    await expectAccessible()
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
    await expectAccessible()
  }
})
