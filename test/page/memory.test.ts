import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { setInterval } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { expect, test } from 'vitest'
import { runBackup } from '../../uploader/backup/run-backup.ts'
import { connect } from '../../uploader/commands/connect.ts'
import { newPutPart } from '../../uploader/transfer/put-part.ts'
import { FakeEngine } from '../backup/engine.ts'
import { noise, silentReporter } from '../restore/support.ts'
import { text } from '../sealed/support.ts'
import { startTestCloud } from '../support/cloud.ts'
import { long } from '../support/counts.ts'
import { direct } from '../support/network.ts'
import { lastJson } from '../support/run.ts'
import { type Host, newHost } from '../uploader/host.ts'
import { launch } from './support.ts'

const MiB = 1024 * 1024
const size = (long ? 2048 : 200) * MiB

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

/** Some that compresses well, some that does not at all, and zeros; `size` bytes. @param hash of all of it */
async function* content(hash: Hash): AsyncGenerator<Uint8Array> {
  const block = Buffer.concat([text(24 * MiB), noise(8 * MiB), Buffer.alloc(8 * MiB)])
  for (let at = 0; at < size; at += block.length) {
    const piece = block.subarray(0, size - at)
    hash.update(piece)
    for (let from = 0; from < piece.length; from += MiB) yield piece.subarray(from, from + MiB)
  }
}

/** All of the uploader but the engine: sealed, staged, sent and committed. @returns SHA-256 of the one file */
async function backUp(host: Host, signal: AbortSignal): Promise<string> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const now = () => new Date()
  const terminal = { stdin, stdout, stderr, env: {}, platform: 'linux', signal, now } as const
  const { agent, receiver } = await connect({ config: host.config }, terminal)
  const hash = createHash('sha256')
  await runBackup({
    source: 'shop',
    engine: new FakeEngine([{ name: 'large.bin', order: 0, read: () => content(hash) }], size),
    settings: {},
    mode: 'full',
    receiver,
    agent,
    staging: { dir: host.staging, maxBytes: 256 * MiB },
    upload: { concurrency: 2 },
    put: newPutPart(direct.connections(2)),
    uploader: 'failsafe test',
    reporter: silentReporter(),
    signal,
  })
  return hash.digest('hex')
}

test('a file of any size passes from the vault through a tab of less than 300 MB', { timeout: 1_800_000 }, async () => {
  const cloud = await startTestCloud()
  const browser = await launch()
  const stop = new AbortController()
  try {
    await using host = await newHost(cloud)
    const expected = await backUp(host, stop.signal)
    const { url } = lastJson(await host.failsafe(['link', 'shop', '--json'])) as { url: string }

    const page = await browser.newPage({ locale: 'en-GB' })
    await page.addInitScript('delete globalThis.showSaveFilePicker; delete globalThis.showDirectoryPicker')
    await page.goto(url)
    await page.getByText('Here, in the browser').click()
    await page.getByLabel('Paste the recovery kit').fill(await readFile(host.kit, 'utf8'))
    await page.getByRole('button', { name: 'Open the backup' }).click()
    let most = 0
    const watch = async () => {
      for await (const _ of setInterval(250, undefined, { signal: stop.signal }))
        most = Math.max(most, await tabMemory(browser))
    }
    const watched = watch().catch(error => {
      if (!stop.signal.aborted) throw error
    })
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download large.bin' }).click(),
    ])
    await page.getByText(/is saved; every byte was compared/).waitFor({ timeout: 1_500_000 })
    const found = createHash('sha256')
    for await (const chunk of createReadStream(await download.path())) found.update(chunk as Buffer)
    expect(found.digest('hex')).toBe(expected)
    stop.abort()
    await watched
    expect(most).toBeGreaterThan(20e6)
    expect(most).toBeLessThan(300e6)
  } finally {
    stop.abort()
    await browser.close()
    await cloud.close()
  }
})
