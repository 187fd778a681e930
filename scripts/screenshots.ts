/**
 * `npm run screenshots`: every state of the restore page and of the console that a person can come to, at three widths, light and dark, into
 * build/screenshots. The backups, the receivers and their answers are real; only the eyes that look at the pictures are missing.
 */
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { newConsoleScene } from '../test/page/console-scene.ts'
import { newScene, type Scene } from '../test/page/scene.ts'
import { launch } from '../test/page/support.ts'
import { safeConsole, troubledConsole } from './screenshots/console.ts'
import type { State } from './screenshots/state.ts'
import { setUp } from './setup.ts'

const widths = [360, 900, 2560]
const directory = join(import.meta.dirname, '../build/screenshots')

const states: State<Scene>[] = [
  {
    name: 'answer',
    async reach(page, scene) {
      await page.goto((await scene.link()).url)
      await page.getByRole('heading', { name: /^You can restore/ }).waitFor()
      await page.getByRole('heading', { name: 'Before you download' }).waitFor()
    },
  },
  {
    name: 'kit',
    async reach(page, scene) {
      await states[0]!.reach(page, scene)
      await page.getByText('Here, in the browser').click()
    },
  },
  {
    name: 'opened',
    async reach(page, scene) {
      await states[1]!.reach(page, scene)
      await give(page, await readFile(scene.host.kit, 'utf8'))
      await page.getByRole('button', { name: /^Download all of it/ }).waitFor()
    },
  },
  {
    name: 'saved',
    async reach(page, scene) {
      await states[2]!.reach(page, scene)
      await page.getByRole('button', { name: 'Download shop.customers-schema.sql' }).click()
      await page.getByText(/is saved; every byte/).waitFor()
    },
  },
  {
    name: 'wrong-kit',
    async reach(page, scene) {
      await states[1]!.reach(page, scene)
      await give(page, 'no kit at all')
      await page.getByText('This is no recovery kit').waitFor()
    },
  },
  {
    name: 'passcode',
    async reach(page, scene) {
      await page.goto((await scene.link('--passcode', 'right one')).url)
      await page.getByLabel('Passcode').waitFor()
    },
  },
  {
    name: 'wrong-passcode',
    async reach(page, scene) {
      await states[5]!.reach(page, scene)
      await page.getByLabel('Passcode').fill('wrong one')
      await page.getByRole('button', { name: 'Go on' }).click()
      await page.getByText('That passcode is wrong').waitFor()
    },
  },
  {
    name: 'revoking',
    async reach(page, scene) {
      await states[0]!.reach(page, scene)
      await page.getByRole('button', { name: 'Revoke this link' }).click()
    },
  },
  {
    name: 'ended',
    async reach(page, scene) {
      await states[7]!.reach(page, scene)
      await page.getByRole('button', { name: 'Yes, revoke it' }).click()
      await page.getByRole('heading', { name: 'The link is revoked' }).waitFor()
      await page.reload()
      await page.getByRole('heading', { name: 'This link can no longer be used' }).waitFor()
    },
  },
  {
    name: 'no-secret',
    async reach(page, scene) {
      await page.goto((await scene.link()).url.split('#')[0]!)
      await page.getByRole('heading', { name: 'The link is not whole' }).waitFor()
    },
  },
  {
    name: 'gap',
    async reach(page, scene) {
      await states[0]!.reach(page, scene)
      await page.locator('[aria-current=date]').press('ArrowUp')
      await page.getByText('This moment cannot be restored').waitFor()
    },
  },
  {
    name: 'running',
    async reach(page, scene) {
      await states[2]!.reach(page, scene)
      // a line so slow that nothing comes
      await page.context().route(/\.pack/, () => {})
      await page.getByRole('button', { name: 'Download shop.customers-schema.sql' }).click()
      await page.getByRole('progressbar').waitFor()
    },
  },
  {
    name: 'outdated',
    async reach(page, scene) {
      await states[1]!.reach(page, scene)
      await page
        .context()
        .route(/\/r\/worker-/, route => route.continue({ url: new URL('/r/worker-GONE0000.js', page.url()).href }))
      await give(page, await readFile(scene.host.kit, 'utf8'))
      await page.getByText('This page is out of date').waitFor()
    },
  },
  {
    name: 'offline',
    async reach(page, scene) {
      const { url } = await scene.link()
      await page.route('**/v1/**', route => route.abort('internetdisconnected'))
      await page.goto(url)
      await page.getByRole('button', { name: 'Try again' }).waitFor()
    },
  },
]

async function give(page: Page, kit: string): Promise<void> {
  await page.getByLabel('Paste the recovery kit').fill(kit)
  await page.getByRole('button', { name: 'Open the backup' }).click()
}

if (!(await setUp('test'))) process.exit(2)
await rm(directory, { recursive: true, force: true })
await mkdir(directory, { recursive: true })
const scene = await newScene()
const provider = await newConsoleScene()
const browser = await launch()
try {
  await photograph(states, scene)
  await photograph(safeConsole, provider)
  await provider.worsen()
  await photograph(troubledConsole, provider)
} finally {
  await browser.close()
  await provider[Symbol.asyncDispose]()
  await scene[Symbol.asyncDispose]()
}
console.log(`Look at ${directory}`)

async function photograph<Stage>(states: State<Stage>[], stage: Stage): Promise<void> {
  for (const { name, reach } of states)
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ colorScheme, locale: 'en-GB', timezoneId: 'Europe/Berlin' })
      await context.addInitScript('delete globalThis.showSaveFilePicker; delete globalThis.showDirectoryPicker')
      const page = await context.newPage()
      await reach(page, stage)
      for (const width of widths) {
        await page.setViewportSize({ width, height: 900 })
        await page.screenshot({ path: join(directory, `${name}-${width}-${colorScheme}.png`), fullPage: true })
      }
      await context.close()
    }
}
