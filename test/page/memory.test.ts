import { readFile } from 'node:fs/promises'
import { setInterval } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { expect, test } from 'vitest'
import { makeSnapshot, newKeys, noise } from '../restore/support.ts'
import { text } from '../sealed/support.ts'
import { long } from '../support/counts.ts'
import { bundle, kitOf, launch, openPage, secret, startReceiver, tell } from './support.ts'

const MiB = 1024 * 1024

/** Memory of its own, in bytes, of the largest process that shows pages; workers are threads of it. */
async function tabMemory(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(async ({ id }) => {
      const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '')
      const of = (name: string) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
      return of('RssAnon') + of('RssShmem')
    })
  return Math.max(...(await Promise.all(sizes)))
}

test('a file of any size passes through a tab of less than 300 MB', { timeout: 900_000 }, async () => {
  const block = Buffer.concat([text(24 * MiB), noise(8 * MiB), Buffer.alloc(8 * MiB)])
  const content = Buffer.alloc((long ? 2000 : 200) * MiB)
  for (let at = 0; at < content.length; at += block.length) block.copy(content, at)
  const keys = await newKeys()
  const made = await makeSnapshot(keys, { files: { large: content } })
  const browser = await launch()
  try {
    await using receiver = await startReceiver(await bundle(), [made])
    const page = await openPage(browser, receiver.origin)
    await tell(page, 'open', secret, { source: made.manifest.source }, await kitOf(keys))
    const stop = new AbortController()
    let most = 0
    const watch = async () => {
      for await (const _ of setInterval(250, undefined, { signal: stop.signal }))
        most = Math.max(most, await tabMemory(browser))
    }
    const watched = watch().catch(error => {
      if (!stop.signal.aborted) throw error
    })
    const [download, saved] = await Promise.all([page.waitForEvent('download'), tell(page, 'save', 'large')])
    expect(saved).toEqual({ value: 'saved' })
    expect(await download.failure()).toBeNull()
    stop.abort()
    await watched
    expect(most).toBeGreaterThan(20e6)
    expect(most).toBeLessThan(300e6)
  } finally {
    await browser.close()
  }
})
