import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backUp, enrolAgent, fullEntry, logEntry, registerSource } from '../receiver/agent.ts'
import { reach } from '../receiver/reach.ts'
import { ok } from '../receiver/support.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { expectAccessible } from './accessible.ts'
import { tabTo } from './keys.ts'
import { launch } from './support.ts'

const minute = 60_000
/** Yesterday at noon, by the clock that the page shows. */
const noon = Date.parse(`${new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)}T12:00:00Z`)
const at = (minutes: number) => new Date(noon + minutes * minute).toISOString()

let cloud: TestCloud
let browser: Browser
let page: Page
/** Its logs from 12:10 to 12:25 were lost before they were backed up. */
let url: string
beforeAll(async () => {
  ;[cloud, browser] = await Promise.all([startTestCloud(), launch()])
  const receiver = await reach(cloud)
  const agent = await enrolAgent(receiver)
  const source = await registerSource(agent)
  await backUp(agent, source, 'full', [fullEntry('shop', 10, at(0))])
  await backUp(agent, source, 'log', [logEntry('shop', 10, 20, at(0), at(10))])
  await backUp(agent, source, 'log', [logEntry('shop', 30, 40, at(25), at(40))])
  await backUp(agent, source, 'full', [fullEntry('shop', 40, at(40))])
  await backUp(agent, source, 'log', [logEntry('shop', 40, 50, at(40), at(60))])
  url = ok(await agent.call('POST', '/v1/links', { source, expiresSeconds: 3600 })).url
  page = await browser.newPage({ locale: 'en-GB', timezoneId: 'UTC' })
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await cloud?.close()
})

test('a moment in a gap says why it cannot be restored, and leads to those before and after it', async () => {
  await page.goto(url)
  await page.getByText('Except for one gap:').waitFor()
  await expectAccessible(page)
  const exact = page.getByLabel('Exact time')
  await exact.fill(at(18).slice(0, 19).replace('T', ' '))
  await exact.press('Enter')
  await page.getByText(/From .*12:10.* to .*12:\d\d.*: a log backup is missing\./).waitFor()
  await expectAccessible(page)
  await tabTo(page, /^Take .*12:10:00.*, before it$/)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Before you download' }).waitFor()
  expect(await page.getByRole('slider').getAttribute('aria-valuetext')).toContain('12:10:00')
})

test('the point of the timeline goes over a gap, by keys and where it is dragged', async () => {
  const slider = page.getByRole('slider')
  const moment = () => slider.getAttribute('aria-valuetext')
  await slider.focus()
  await page.keyboard.press('ArrowRight')
  await expect.poll(moment).toContain('12:40:00')
  await page.keyboard.press('ArrowLeft')
  await expect.poll(moment).toContain('12:10:00')
  const track = page.locator('.track')
  await track.scrollIntoViewIfNeeded()
  const { x, y, width, height } = (await track.boundingBox())!
  const along = (minutes: number) => x + (width * (12 * 60 + minutes)) / 1440
  await page.mouse.move(along(10), y + height / 2)
  await page.mouse.down()
  await page.mouse.move(along(30), y + height / 2, { steps: 10 })
  await page.mouse.up()
  await expect.poll(moment).toContain('12:40:00')
})

test('the day, the moment and the window are the same when the page is loaded again', async () => {
  const exact = page.getByLabel('Exact time')
  await exact.fill(at(7).slice(0, 19).replace('T', ' '))
  await exact.press('Enter')
  const kept = () => page.evaluate(() => (history.state as { chosen?: { time: number } } | null)?.chosen?.time)
  await expect.poll(kept).toBe(noon + 7 * minute)
  await page.reload()
  await expect.poll(() => page.getByRole('slider').getAttribute('aria-valuetext')).toContain('12:07:00')
})
