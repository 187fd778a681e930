import pLimit from 'p-limit'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTable, put } from '../../lambdas/catalogue/table.ts'
import { minute, owner, type Plan, schedule, snapshotsOf, ulid } from '../scale/source.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { launch } from './support.ts'

/**
 * Milliseconds that a frame may take at sixty a second. The two cores that this runs on are also those of the receiver, its database and the test: so the
 * middle of what is measured must be within a frame, and the worst within three.
 */
const frame = 1000 / 60
const worst = 3 * frame

const secret = 'a-secret-of-the-timeline-test'
const snapshots = 10_000
const now = new Date()
/** A log every twelve minutes and a full every day, for 84 days. */
const plan: Plan = {
  tenant: 'long',
  source: ulid(now.getTime() - 400 * 1440 * minute, 1),
  units: ['shop'],
  snapshots: schedule(84, 1440, 12).slice(-snapshots),
}

let cloud: TestCloud
let browser: Browser
let page: Page
beforeAll(async () => {
  ;[cloud, browser] = await Promise.all([startTestCloud(), launch()])
  const table = openTable(cloud.table, { endpoint: cloud.dynamodbUrl, region: cloud.region, credentials: cloud.admin })
  const epoch = now.getTime() - plan.snapshots.at(-1)!.minute * minute - minute
  const limit = pLimit(32)
  const rows = [...owner(plan, secret, now), ...snapshotsOf(plan, epoch)]
  await Promise.all(rows.map(row => limit(() => put(table, row))))
  table.documents.destroy()
  page = await browser.newPage({ locale: 'en-GB', timezoneId: 'Europe/Berlin' })
  await page.addInitScript(watch)
}, 300_000)
afterAll(async () => {
  await browser?.close()
  await cloud?.close()
})

/** Runs in the page. */
interface Watched {
  /** Lengths of what kept the page from drawing for more than 50 ms. */
  longTasks: number[]
  /** When the page was changed, and that was drawn. */
  drawn: { changed: number; drawn: number }[]
  /** Between one frame and the next, since `frames` was emptied. */
  frames: number[]
}
function watch() {
  const watched: Watched = { longTasks: [], drawn: [], frames: [] }
  Object.assign(globalThis, { watched })
  new PerformanceObserver(list => watched.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe(
    {
      type: 'longtask',
      buffered: true,
    },
  )
  // what is posted in a frame comes after it was drawn
  const afterFrame = (done: () => void) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = done
      port2.postMessage(null)
    })
  let waiting = false
  new MutationObserver(() => {
    if (waiting) return
    waiting = true
    const changed = performance.now()
    afterFrame(() => {
      waiting = false
      watched.drawn.push({ changed, drawn: performance.now() })
    })
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
  let last = performance.now()
  const next = (time: number) => {
    watched.frames.push(time - last)
    last = time
    requestAnimationFrame(next)
  }
  requestAnimationFrame(next)
}
const watched = () => page.evaluate('watched') as Promise<Watched>
const middle = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

test('ten thousand backups are drawn within a frame of the answer that brings the last of them', async () => {
  await page.goto(`${cloud.url}/r#${secret}`)
  await page.getByText('Reading older backups').waitFor()
  await page.getByText('Reading older backups').waitFor({ state: 'detached', timeout: 120_000 })
  const answers = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .filter(({ name }) => name.includes('/timeline?'))
      .map(entry => (entry as PerformanceResourceTiming).responseEnd),
  )
  expect(answers.length).toBe(snapshots / 200)
  const { drawn, longTasks } = await watched()
  const times = answers.map(end => drawn.find(({ changed }) => changed >= end)!.drawn - end)
  console.log('page after page', times.map(Math.round).join(' '), 'long', longTasks.map(Math.round).join(' '))
  // with half of them or more
  const late = times.slice(times.length / 2)
  expect(middle(late)).toBeLessThan(frame)
  expect(Math.max(...late)).toBeLessThan(worst)
  expect(longTasks.filter(duration => duration > worst)).toEqual([])
})

test('the point is dragged smoothly over all of a day, and from day to day', async () => {
  await page.locator('.track').scrollIntoViewIfNeeded()
  const { x, y, width, height } = (await page.locator('.track').boundingBox())!
  const before = (await watched()).longTasks.length
  await page.getByRole('button', { name: 'Previous backup' }).press('Enter')
  await page.evaluate('watched.frames.length = 0')
  const moments = new Set<string | null>()
  await page.mouse.move(x + width / 2, y + height / 2)
  await page.mouse.down()
  for (let n = 0; n <= 200; n++) {
    await page.mouse.move(x + 1 + ((width - 2) * Math.abs(100 - n)) / 100, y + height / 2)
    if (n % 20 === 0) moments.add(await page.getByRole('slider').getAttribute('aria-valuetext'))
  }
  await page.mouse.up()
  for (const key of ['ArrowUp', 'ArrowUp', 'ArrowLeft', 'ArrowRight', 'ArrowDown'])
    await page.locator('[aria-current=date]').press(key)
  const { frames, longTasks } = await watched()
  console.log('frames', frames.length, Math.max(...frames), middle(frames), longTasks.slice(before))
  expect(moments.size).toBeGreaterThan(5)
  expect(frames.length).toBeGreaterThan(60)
  expect(middle(frames)).toBeLessThan(1.5 * frame)
  expect(frames.filter(gap => gap > worst)).toEqual([])
  expect(longTasks.slice(before)).toEqual([])
})
