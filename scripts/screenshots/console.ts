import type { Page } from 'playwright-core'
import type { ConsoleScene } from '../../test/page/console-scene.ts'
import type { State } from './state.ts'

const safe = (page: Page) => page.getByRole('heading', { name: /are safe$/ }).waitFor()
const troubled = (page: Page) => page.getByRole('heading', { name: /need you$/ }).waitFor()
const press = (page: Page, name: string) => page.getByRole('button', { name }).click()

/** While everybody is safe. */
export const safeConsole: State<ConsoleScene>[] = [
  {
    name: 'console-safe',
    async reach(page, scene) {
      await page.goto(await scene.open())
      await safe(page)
    },
  },
  {
    name: 'console-safe-sources',
    async reach(page, scene) {
      await page.goto(await scene.open())
      await safe(page)
      await page.getByText('3 safe sources').click()
    },
  },
]

/** When somebody is needed. */
export const troubledConsole: State<ConsoleScene>[] = [
  {
    name: 'console-needs',
    async reach(page, scene) {
      await page.goto(await scene.open())
      await troubled(page)
      await page.getByText('What the receiver says').first().click()
    },
  },
  {
    name: 'console-usage',
    async reach(page, scene) {
      await page.goto(await scene.open())
      await troubled(page)
      await press(page, 'Sources of Acme Ltd')
    },
  },
  {
    name: 'console-token-wish',
    async reach(page, scene) {
      await openAcme(page, scene)
      await press(page, 'Make an enrol token')
    },
  },
  {
    name: 'console-token',
    async reach(page, scene) {
      await openAcme(page, scene)
      await press(page, 'Make an enrol token')
      await press(page, 'Make it')
      await page.getByRole('heading', { name: 'The token for Acme Ltd' }).waitFor()
    },
  },
  {
    name: 'console-link-wish',
    async reach(page, scene) {
      await openAcme(page, scene)
      await press(page, 'Make a restore link')
      await page.getByText('Limit it further').click()
    },
  },
  {
    name: 'console-link',
    reach: makeLink,
  },
  {
    name: 'console-links',
    async reach(page, scene) {
      await makeLink(page, scene)
      await press(page, 'Close')
    },
  },
  {
    name: 'console-revoking',
    async reach(page, scene) {
      await makeLink(page, scene)
      await press(page, 'Close')
      await page
        .getByRole('button', { name: /^Revoke / })
        .first()
        .click()
    },
  },
  {
    name: 'console-unknown',
    async reach(page, scene) {
      await page.goto(await scene.open())
      await troubled(page)
      await page.route('**/v1/console/sources*', route => route.abort('connectionreset'))
      await press(page, 'Read again now')
      await page.getByRole('heading', { name: /^It is not known/ }).waitFor()
    },
  },
  {
    name: 'console-ending',
    async reach(page, scene) {
      await page.goto(await scene.open())
      await press(page, 'End the session')
    },
  },
  {
    name: 'console-closed',
    async reach(page, scene) {
      await page.goto(await scene.open())
      await press(page, 'End the session')
      await press(page, 'Yes, end it')
      await page.getByRole('heading', { name: 'This console is closed' }).waitFor()
    },
  },
  {
    name: 'console-no-secret',
    async reach(page, scene) {
      await page.goto((await scene.open()).split('#')[0]!)
      await page.getByRole('heading', { name: 'The link is not whole' }).waitFor()
    },
  },
  {
    name: 'console-unreachable',
    async reach(page, scene) {
      await page.route('**/v1/**', route => route.abort('internetdisconnected'))
      await page.goto(await scene.open())
      await page.getByRole('button', { name: 'Try again' }).waitFor()
    },
  },
]

async function openAcme(page: Page, scene: ConsoleScene): Promise<void> {
  await page.goto(await scene.open())
  await press(page, 'Links and tokens of Acme Ltd')
}

async function makeLink(page: Page, scene: ConsoleScene): Promise<void> {
  await openAcme(page, scene)
  await press(page, 'Make a restore link')
  await page.getByLabel('Passcode').fill('three words here')
  await press(page, 'Make it')
  await page.getByRole('heading', { name: /^The restore link for/ }).waitFor()
}
