import { source as axe } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** Every rule of axe-core that can be decided by a program holds in this state, in the light and in the dark, and a telephone shows all of its width. */
export async function expectAccessible(page: Page): Promise<void> {
  const { width, height } = page.viewportSize()!
  await page.setViewportSize({ width: 360, height })
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  await page.setViewportSize({ width, height })
  await page.evaluate(axe)
  for (const colorScheme of ['dark', 'light'] as const) {
    // without motion, or colours are looked at that are on their way
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    expect(await violations(page), colorScheme).toEqual([])
  }
}

async function violations(page: Page): Promise<string[]> {
  const found = (await page.evaluate('axe.run()')) as { violations: { id: string; nodes: { html: string }[] }[] }
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
