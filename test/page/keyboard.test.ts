import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessible } from './accessible.ts'
import { focused, tabTo } from './keys.ts'
import { newScene, type Scene } from './scene.ts'
import { launch } from './support.ts'

let scene: Scene
let browser: Browser
let page: Page
beforeAll(async () => {
  ;[scene, browser] = await Promise.all([newScene(), launch()])
  // the log keeps whole seconds
  await scene.database.execute('DO SLEEP(1.5)', "INSERT INTO shop.customers VALUES (2, 'after the full backup')")
  await scene.backUp('log')
  page = await browser.newPage({ locale: 'en-GB', timezoneId: 'Europe/Berlin' })
  await page.addInitScript('delete globalThis.showSaveFilePicker; delete globalThis.showDirectoryPicker')
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await scene?.[Symbol.asyncDispose]()
})

const heading = (name: string | RegExp) => page.getByRole('heading', { name })
const press = (key: string) => page.keyboard.press(key)

test('another day and another moment are chosen, a backup is opened and a file saved with the keyboard alone', async () => {
  await page.goto((await scene.link()).url)
  await heading(/^You can restore shop to any moment/).waitFor()

  // the calendar has one stop for Tab, and arrow keys within; another day has no backup, and says so
  await tabTo(page, /: stored, 2 backups$/)
  const today = await focused(page)
  await press('ArrowUp')
  expect(await focused(page)).toMatch(/: no backup, 0 backups$/)
  await page.getByText('This moment cannot be restored').waitFor()
  await expectAccessible(page)
  await press('ArrowDown')
  expect(await focused(page)).toBe(today)
  await page.getByText('This moment cannot be restored').waitFor({ state: 'detached' })

  // on the timeline: from the end of the log back to the full backup, whose rows the log adds one to
  await tabTo(page, 'Moment to restore')
  const moment = () => page.getByRole('slider').getAttribute('aria-valuetext')
  const latest = await moment()
  await press('Home')
  await expect.poll(moment).not.toBe(latest)
  const first = await moment()
  await press('PageUp')
  await expect.poll(moment).not.toBe(first)
  await press('Home')
  await expect.poll(moment).toBe(first)
  await page.locator('.chain tbody tr').nth(1).waitFor({ state: 'detached' })

  await tabTo(page, /Here, in the browser/)
  await press('Enter')
  await tabTo(page, /Paste the recovery kit/)
  await page.keyboard.insertText(await readFile(scene.host.kit, 'utf8'))
  await tabTo(page, 'Open the backup')
  await press('Enter')
  const restored = scene.host.in('restored')
  const restore = ['restore', 'shop', '--to', restored, '--identity', scene.host.kit, '--snapshot', scene.snapshot]
  expect((await scene.host.failsafe(restore)).code).toBe(0)
  const name = 'shop.customers-schema.sql'
  await page.getByRole('button', { name: `Download ${name}` }).waitFor()
  await tabTo(page, `Download ${name}`)
  const [saved] = await Promise.all([page.waitForEvent('download'), press('Enter')])
  expect((await readFile(await saved.path())).equals(await readFile(join(restored, name)))).toBe(true)
  await page.getByText(/is saved; every byte was compared/).waitFor()
})
