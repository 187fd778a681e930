import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTable } from '../../lambdas/catalogue/table.ts'
import { minute, owner, type Plan, schedule, snapshotsOf, ulid } from '../scale/source.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { launch } from './support.ts'

/** Milliseconds at sixty a second. */
const frame = 1000 / 60
/**
 * What is measured as work is the time that the page's own thread had a core, so that others on the machine do not count but for the caches that they
 * empty. Two slow cores need up to twice as long as a desk's do.
 */
const slow = 2
/** Frames in a hundred that may come more than 50 ms after the one before, because others had both cores: other tests run beside this one. */
const late = 10

const secret = 'a-secret-of-the-timeline-test'
const snapshots = 10_000
const pages = snapshots / 200
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
let session: CDPSession
beforeAll(async () => {
  ;[cloud, browser] = await Promise.all([startTestCloud(), launch()])
  const table = openTable(cloud.table, { endpoint: cloud.dynamodbUrl, region: cloud.region, credentials: cloud.admin })
  const epoch = now.getTime() - plan.snapshots.at(-1)!.minute * minute - minute
  const rows = [...owner(plan, secret, now), ...snapshotsOf(plan, epoch, { content: false })]
  for (let at = 0; at < rows.length; at += 25) {
    const writes = rows.slice(at, at + 25).map(({ key, item }) => ({ PutRequest: { Item: { ...item, ...key } } }))
    await table.documents.send(new BatchWriteCommand({ RequestItems: { [table.name]: writes } }))
  }
  table.documents.destroy()
  page = await browser.newPage({ locale: 'en-GB', timezoneId: 'Europe/Berlin' })
  session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
}, 400_000)
afterAll(async () => {
  await browser?.close()
  await cloud?.close()
})

/** Milliseconds that the page has worked so far: scripts, styles and layout. */
async function worked(): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  const of = (name: string) => metrics.find(metric => metric.name === name)!.value
  return 1000 * (of('ScriptDuration') + of('RecalcStyleDuration') + of('LayoutDuration'))
}

const middle = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

const timeout = 180_000

test('ten thousand backups are drawn within a frame when the answer with the last of them has come', {
  timeout,
}, async () => {
  let answers = 0
  const before = new Promise<number>(resolve => {
    page.on('requestfinished', request => {
      if (request.url().includes('/timeline?') && ++answers === pages - 10) resolve(worked())
    })
  })
  await page.goto(`${cloud.url}/r#${secret}`)
  const isRead = () => page.evaluate(() => !!document.querySelector('.calendar:not(:has(.buttons [role=status]))'))
  await expect.poll(isRead, { timeout: 150_000, interval: 1000 }).toBe(true)
  expect(answers).toBe(pages)
  const each = ((await worked()) - (await before)) / 10
  expect(each).toBeLessThan(slow * frame)
})

test('the point is dragged smoothly over all of a day', { timeout }, async () => {
  await page.locator('[aria-current=date]').press('ArrowUp')
  const track = page.locator('.track')
  await track.scrollIntoViewIfNeeded()
  const { x, y, width, height } = (await track.boundingBox())!
  await page.mouse.move(x + width / 2, y + height / 2)
  await page.mouse.down()
  await page.evaluate(() => {
    const frames: number[] = []
    Object.assign(globalThis, { frames })
    let last = performance.now()
    const next = () => {
      const now = performance.now()
      frames.push(now - last)
      last = now
      requestAnimationFrame(next)
    }
    requestAnimationFrame(next)
  })
  const moves = 200
  /** Of each ten moves. */
  const work: number[] = []
  let before = await worked()
  const moments = new Set<string | null>()
  for (let n = 1; n <= moves; n++) {
    await page.mouse.move(x + 1 + ((width - 2) * Math.abs(moves / 2 - n)) / (moves / 2), y + height / 2)
    if (n % 20 === 0) moments.add(await page.getByRole('slider').getAttribute('aria-valuetext'))
    if (n % 10 > 0) continue
    const after = await worked()
    work.push((after - before) / 10)
    before = after
  }
  await page.mouse.up()
  const frames = (await page.evaluate('frames')) as number[]
  expect(moments.size).toBeGreaterThan(5)
  expect(middle(work)).toBeLessThan(slow * frame)
  expect(Math.max(...work)).toBeLessThan(50)
  expect(frames.length).toBeGreaterThan(moves)
  expect(middle(frames)).toBeLessThan(1.5 * frame)
  expect(frames.filter(gap => gap > 50).length).toBeLessThan((late / 100) * frames.length)
})
