import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ok } from '../receiver/support.ts'
import { newHost } from '../uploader/host.ts'
import { expectAccessible as accessible } from './accessible.ts'
import { type ConsoleScene, newConsoleScene } from './console-scene.ts'
import { focused as focusedOf, tabTo } from './keys.ts'
import { launch } from './support.ts'

/** The provider's operator: the real page and receiver, real agents with real backups, a watchdog that really looks, and a real browser. */
let scene: ConsoleScene
let browser: Browser
let context: BrowserContext
let page: Page

beforeAll(async () => {
  ;[scene, browser] = await Promise.all([newConsoleScene(), launch()])
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await scene?.[Symbol.asyncDispose]()
})
beforeEach(async () => {
  context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', reducedMotion: 'reduce' })
  page = await context.newPage()
})
afterEach(() => context.close())

const button = (name: string | RegExp) => page.getByRole('button', { name })
const heading = (name: string | RegExp) => page.getByRole('heading', { name })
const dialog = () => page.locator('dialog')
/** The name of what the keyboard is at. */
const focused = () => expect.poll(() => focusedOf(page))

/** In the light and in the dark. */
async function expectAccessible(): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await accessible(page)
  }
}

async function openCustomer(name: string): Promise<void> {
  await button(`Links and tokens of ${name}`).click()
}

function linkAnswer(url: string, headers: Record<string, string> = {}) {
  const { origin, hash } = new URL(url)
  return fetch(`${origin}/v1/link`, { headers: { authorization: `Bearer ${hash.slice(1)}`, ...headers } })
}

describe('while everybody is safe, the operator', () => {
  test('is told so in one sentence, and finds each source behind it', async () => {
    await page.goto(await scene.open())
    await heading('All 3 sources of 2 customers are safe').waitFor()
    expect(await page.title()).toBe(`All safe · Console of ${await page.locator('html').getAttribute('data-provider')}`)
    await page.getByText(/^As of \d\d:\d\d, read again every minute/).waitFor()
    expect(await page.getByText('Critical').count()).toBe(0)
    await expectAccessible()
    await page.getByText('3 safe sources').click()
    await page.getByLabel('Search by customer, source or host').fill('ACME db')
    await page.getByText('2 of 3').waitFor()
    expect(await page.locator('.safe tbody tr th').allTextContents()).toEqual([
      expect.stringMatching(/^crm/),
      expect.stringMatching(/^shop/),
    ])
    await expectAccessible()
  })
})

describe('when something is wrong, the operator', () => {
  beforeAll(() => scene.worsen(), 180_000)

  test('is told first how many need somebody, then who did not call, then the rest', async () => {
    await page.goto(await scene.open())
    await heading('2 of 3 sources need you').waitFor()
    expect(await page.title()).toMatch(/^2 to look at/)
    const items = page.getByRole('region', { name: 'To look at' }).getByRole('listitem')
    expect(await items.count()).toBe(2)
    const [crm, books] = [items.nth(0), items.nth(1)]
    for (const text of ['Critical', 'crm', 'Acme Ltd', 'The host does not call any more', 'db 1', 'MySQL / MariaDB'])
      expect(await crm.textContent()).toContain(text)
    expect(await crm.textContent()).toMatch(/Last call(?:yesterday|\d+ (?:hours|days) ago) /)
    expect(await books.textContent()).toContain('Its runs fail, one after the other')
    await crm.getByText('What the receiver says').click()
    await crm.getByText(/its schedules wanted runs since/).waitFor()
    expect(await page.getByText('1 needs you').count()).toBe(2)
    await page.getByText('1 safe source').waitFor()
    await expectAccessible()
  })

  test('reads all of it again a minute later, while the page is seen', async () => {
    await page.clock.install()
    await page.goto(await scene.open())
    await heading('2 of 3 sources need you').waitFor()
    ok(await scene.receiver.admin('POST', '/v1/admin/tenants/zeta/suspend', { reason: 'invoice 2026-118' }))
    try {
      await scene.cloud.fire('watchdog')
      await page.clock.fastForward(61_000)
      await page.getByText(/^suspended since .*: invoice 2026-118$/).waitFor()
      await expectAccessible()
    } finally {
      ok(await scene.receiver.admin('POST', '/v1/admin/tenants/zeta/resume', {}))
    }
  })

  test('makes an enrol token with which a host enrols', async () => {
    await using host = await newHost(scene.cloud, { enrol: false })
    await page.goto(await scene.open())
    await openCustomer(host.tenant)
    await page.getByText('A restore link needs a source').waitFor()
    await button('Make an enrol token').click()
    await heading(`An enrol token for ${host.tenant}`).waitFor()
    await expectAccessible()
    await page.getByLabel('Good for').selectOption({ label: '10 minutes' })
    await button('Make it').click()
    await heading(`The token for ${host.tenant}`).waitFor()
    await expectAccessible()
    const [token, command] = await dialog().locator('code').allTextContents()
    expect(command).toBe(`failsafe enrol '${token}' --recovery-kit kit.txt`)
    const { code, stderr } = await host.failsafe(['enrol', token!, '--recovery-kit', host.kit])
    expect(code, stderr).toBe(0)
    await button('Close').click()
    expect(await page.content()).not.toContain(token)
    // and it appears among those whom another host may take the place of
    await button('Make an enrol token').click()
    await page.getByRole('combobox', { name: 'For', exact: true }).selectOption({ index: 1 })
    await page.getByText(/the old one is revoked at the moment/).waitFor()
    const { agents } = ok(await scene.receiver.admin('GET', `/v1/admin/agents?tenant=${host.tenant}`))
    expect(agents).toHaveLength(1)
  })

  test('makes a restore link, which opens, and revokes it, which ends it', async () => {
    await page.goto(await scene.open())
    await openCustomer('Acme Ltd')
    await page.getByText('There is none.').waitFor()
    await button('Make a restore link').click()
    await page.getByRole('combobox', { name: 'Source', exact: true }).selectOption({ label: 'shop · db 1' })
    await page.getByLabel('Restores that it allows').fill('3')
    await page.getByLabel('Passcode').fill('three words here')
    await page.getByText('Limit it further').click()
    await page.getByLabel('Moments from').fill('2026-11-05T14:10')
    await page.getByLabel('Moments until').fill('2026-11-04T14:10')
    await expectAccessible()
    await button('Make it').click()
    await page.getByText('The first moment is later than the last one.').waitFor()
    await page.getByLabel('Moments until').fill('')
    await page.getByLabel('Only from these addresses').fill('127.0.0.1 nonsense')
    await button('Make it').click()
    await page.getByText(/addresses.*not an IP address/).waitFor()
    await expectAccessible()
    await page.getByLabel('Only from these addresses').fill('127.0.0.1 2001:db8::/32')
    await button('Make it').click()
    await heading('The restore link for shop').waitFor()
    await page.getByText('Tell the passcode another way than you send the link.').waitFor()
    await expectAccessible()
    const url = (await dialog().locator('code').textContent())!
    expect((await linkAnswer(url)).status).toBe(403)
    const opened = await linkAnswer(url, { 'x-failsafe-passcode': 'three words here' })
    expect(opened.status).toBe(200)
    expect(await opened.json()).toMatchObject({ sourceName: 'shop', usesLeft: 3, since: '2026-11-05T13:10:00.000Z' })
    await button('Close').click()
    expect(await page.content()).not.toContain(new URL(url).hash.slice(1))

    const row = page.getByRole('row').filter({ hasText: 'shop' }).filter({ hasText: 'of 3' })
    expect(await row.textContent()).toMatch(
      /good[\s\S]*0 of 3[\s\S]*127\.0\.0\.1 and 2001:db8::\/32; who knows a passcode/,
    )
    const revoke = row.getByRole('button', { name: /^Revoke / })
    await revoke.click()
    await expectAccessible()
    await button('Keep it').click()
    await dialog().waitFor({ state: 'detached' })
    await focused().toMatch(/^Revoke /)
    await revoke.click()
    await button('Yes, revoke it').click()
    await row.getByText('revoked').waitFor()
    await focused().toBe('Restore links that have not expired')
    expect(await revoke.count()).toBe(0)
    expect((await linkAnswer(url, { 'x-failsafe-passcode': 'three words here' })).status).toBe(403)
    await expectAccessible()
  })

  test('does it with the keyboard alone, and is back where it was', async () => {
    await page.goto(await scene.open())
    await heading('2 of 3 sources need you').waitFor()
    await tabTo(page, 'Links and tokens of Acme Ltd')
    await page.keyboard.press('Enter')
    await tabTo(page, 'Make an enrol token')
    await page.keyboard.press('Enter')
    await heading('An enrol token for Acme Ltd').waitFor()
    await focused().toBe('An enrol token for Acme Ltd')
    await tabTo(page, 'Make it')
    await page.keyboard.press('Enter')
    await heading('The token for Acme Ltd').waitFor()
    await focused().toBe('The token for Acme Ltd')
    await tabTo(page, 'Copy: Enrol token')
    await page.keyboard.press('Escape')
    await dialog().waitFor({ state: 'detached' })
    await focused().toBe('Make an enrol token')
    await tabTo(page, 'Make a restore link')
    await tabTo(page, 'End the session')
    await page.keyboard.press('Enter')
    await tabTo(page, 'Keep it open')
    await page.keyboard.press('Enter')
    await dialog().waitFor({ state: 'detached' })
    await focused().toBe('End the session')
  })

  test('sees what was measured, and downloads the CSV that failsafe-admin writes, byte for byte', async () => {
    await using host = await newHost(scene.cloud, { enrol: false })
    await page.goto(await scene.open())
    await button('Sources of Acme Ltd').click()
    await page.getByRole('row', { name: /^crm/ }).waitFor()
    expect(await page.getByRole('row', { name: /^All/ }).textContent()).toMatch(/kB/)
    await page
      .getByText(/kB stored$/)
      .first()
      .waitFor()
    await expectAccessible()
    for (const [name, options] of [
      ['Download as CSV: customers', []],
      ['Download as CSV: sources', ['--sources']],
    ] as const) {
      const [saved] = await Promise.all([page.waitForEvent('download'), button(name).click()])
      const { stdout } = await host.provider('usage', '--csv', ...options)
      expect(stdout.split('\r\n').length).toBeGreaterThan(3)
      expect(await readFile(await saved.path(), 'utf8')).toBe(stdout)
    }
  })

  test('reads German where the browser does', async () => {
    const german = await browser.newContext({ locale: 'de-DE' })
    const seite = await german.newPage()
    await seite.goto(await scene.open())
    await seite.getByRole('heading', { name: '2 von 3 Quellen brauchen Sie' }).waitFor()
    expect(await seite.locator('html').getAttribute('lang')).toBe('de')
    await seite.getByText('Der Host meldet sich nicht mehr').waitFor()
    await german.close()
  })
})

describe('the page never says that all are safe', () => {
  test('when a later reading fails: it is not known then', async () => {
    await page.goto(await scene.open())
    await heading(/sources need you$/).waitFor()
    await context.route('**/v1/console/sources*', route => route.abort('connectionreset'))
    await button('Read again now').click()
    await heading('It is not known whether everybody is safe').waitFor()
    await page.getByText(/^The last attempt to look failed/).waitFor()
    expect(await page.getByText('safe source').count()).toBe(0)
    expect(await page.title()).toMatch(/^Not known/)
    await expectAccessible()
    await context.unroute('**/v1/console/sources*')
    await button('Read again now').click()
    await heading(/sources need you$/).waitFor()
  })

  test('before every list was read', async () => {
    let release = () => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    await context.route('**/v1/console/notices*', async route => {
      await held
      await route.continue()
    })
    await page.goto(await scene.open())
    await page.getByText('3 so far').waitFor()
    expect(await page.getByRole('heading').allTextContents()).toEqual(['Looking at every source …'])
    await expectAccessible()
    release()
    await heading(/sources need you$/).waitFor()
  })

  test('when nobody has looked for some minutes: it looks first', async () => {
    await page.clock.install()
    await page.goto(await scene.open())
    await heading(/sources need you$/).waitFor()
    await context.route('**/v1/console/**', () => {}) // an answer that does not come
    await page.clock.fastForward(600_000)
    await heading('Looking again …').waitFor()
    await expectAccessible()
  })

  test('when nothing is answered at all, and goes on by itself', async () => {
    await context.route('**/v1/**', route => route.abort('internetdisconnected'))
    await page.goto(await scene.open())
    await heading('The receiver does not answer').waitFor()
    await expectAccessible()
    await context.unroute('**/v1/**')
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await heading(/sources need you$/).waitFor()
  })
})

describe('a session', () => {
  test('says who opened it and when it ends, and ends for everybody', async () => {
    const url = await scene.open()
    const other = await context.newPage()
    await other.goto(url)
    await other.getByRole('heading', { name: /sources need you$/ }).waitFor()
    await page.goto(url)
    await page.getByText(/^arn:aws:/).waitFor()
    await page.getByText(/^in 59 minutes/).waitFor()
    await button('End the session').click()
    await heading('End the session?').waitFor()
    await expectAccessible()
    await button('Yes, end it').click()
    await heading('This console is closed').waitFor()
    await page.getByText('failsafe-admin console').waitFor()
    expect(await page.getByText('Acme').count()).toBe(0)
    await expectAccessible()
    const answer = await fetch(`${scene.cloud.url}/v1/console`, {
      headers: { authorization: `Bearer ${new URL(url).hash.slice(1)}` },
    })
    expect([answer.status, await answer.json()]).toEqual([403, expect.objectContaining({ code: 'link-invalid' })])
    // whoever else has it open sees nothing of anybody any more
    await other.getByRole('button', { name: 'Read again now' }).click()
    await other.getByRole('heading', { name: 'This console is closed' }).waitFor()
    expect(await other.getByText('Acme').count()).toBe(0)
  })

  test('closes the page at the moment at which it ends', async () => {
    await page.clock.install()
    await page.goto(await scene.open(120))
    await heading(/sources need you$/).waitFor()
    await page.clock.fastForward(121_000)
    await heading('This console is closed').waitFor()
  })

  test('is not opened by a wrong secret, nor without one', async () => {
    const url = await scene.open()
    await page.goto(`${url.slice(0, -4)}AAAA`)
    await heading('This console is closed').waitFor()
    await expectAccessible()
    await page.goto('about:blank')
    await page.goto(url.split('#')[0]!)
    await heading('The link is not whole').waitFor()
    await expectAccessible()
    // another link in the same tab is another page
    await page.evaluate(hash => location.assign(hash), new URL(url).hash)
    await heading(/sources need you$/).waitFor()
  })

  test('leaves its secret, and those of what it makes, nowhere but where they belong', async () => {
    const url = await scene.open()
    const secret = new URL(url).hash.slice(1)
    const requests: string[] = []
    const lines: string[] = []
    context.on('request', request => {
      requests.push(request.url())
      lines.push(
        `${request.method()} ${request.url().split('#')[0]} ${request.headers().referer ?? ''} ${request.postData() ?? ''}`,
      )
    })
    page.on('console', message => lines.push(message.text()))
    await page.goto(url)
    await openCustomer('Acme Ltd')
    await button('Make an enrol token').click()
    await button('Make it').click()
    const token = (await dialog().locator('code').first().textContent())!
    await button('Close').click()
    const kept = await page.evaluate(async () => [
      JSON.stringify(localStorage),
      JSON.stringify(sessionStorage),
      document.cookie,
      JSON.stringify(await indexedDB.databases()),
      JSON.stringify(await caches.keys()),
    ])
    const logs: string[] = []
    for (const name of await readdir(scene.cloud.logs)) logs.push(await readFile(join(scene.cloud.logs, name), 'utf8'))
    expect(logs.join('').length).toBeGreaterThan(0)
    for (const text of [...lines, ...kept, ...logs])
      for (const hidden of [secret, token.split('.').at(-1)!]) expect(text).not.toContain(hidden)
    expect(new Set(requests.map(request => new URL(request).origin))).toEqual(new Set([scene.cloud.url]))
  })
})
