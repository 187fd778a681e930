import { source as axe } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** Every rule of axe-core that can be decided by a program holds in this state, and a telephone shows all of its width. */
export async function expectAccessible(page: Page): Promise<void> {
  const { width, height } = page.viewportSize()!
  await page.setViewportSize({ width: 360, height })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  await page.setViewportSize({ width, height })
  await page.evaluate(axe)
  const { violations } = (await page.evaluate('axe.run()')) as {
    violations: { id: string; nodes: { html: string }[] }[]
  }
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
}

/** Goes on with Tab until what is focused has this name. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let presses = 0; presses < 200; presses++) {
    await page.keyboard.press('Tab')
    const focused = await nameOfFocused(page)
    if (typeof name === 'string' ? focused === name : name.test(focused)) return
  }
  throw new Error(`nothing that is called ${name} can be reached with Tab`)
}

/** What a screen reader calls it. */
export async function nameOfFocused(page: Page): Promise<string> {
  const name = await page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null
    const label = (element as HTMLInputElement | null)?.labels?.[0]?.textContent
    return element?.getAttribute('aria-label') ?? label ?? element?.textContent ?? ''
  })
  return name.trim()
}
