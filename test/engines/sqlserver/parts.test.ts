import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Channel } from '../../../uploader/engines/sqlserver/backup/channel.ts'
import { compresses, needsLargeTransfers } from '../../../uploader/engines/sqlserver/backup/compression.ts'
import { Exchange } from '../../../uploader/engines/sqlserver/backup/exchange.ts'
import { fileNameOf } from '../../../uploader/engines/sqlserver/backup/names.ts'
import { Stalled, watch } from '../../../uploader/engines/sqlserver/backup/watch.ts'
import { instantOf, localTimeOf, lsn, offsetOf } from '../../../uploader/engines/sqlserver/position.ts'
import { tokenOf } from '../../../uploader/engines/token-of.ts'
import { seed, times } from '../../support/counts.ts'

const at = new Date('2026-11-22T10:15:00Z')
const guid = '1f0c2a9b-0000-4000-8000-000000000000'

describe('the name of a backup file', () => {
  it.each([
    ['Sales', 'Sales_1f0c2a9b_20261122T101500Z_F.bak'],
    ['a]b', 'a%5Db_1f0c2a9b_20261122T101500Z_F.bak'],
    ['../x', '..%2Fx_1f0c2a9b_20261122T101500Z_F.bak'],
    ['🦆', '%F0%9F%A6%86_1f0c2a9b_20261122T101500Z_F.bak'],
  ])('of %j is %s', (name, file) => expect(fileNameOf({ name, guid }, 'full', at)).toBe(file))

  it('is safe and short, whatever the database is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 128 }), name => {
        const file = fileNameOf({ name, guid }, 'log', at)
        expect(file).toMatch(/^[A-Za-z0-9._%-]+\.trn$/)
        expect(file.length).toBeLessThan(110)
        expect(file).not.toMatch(/%(?![0-9A-F]{2})/)
      }),
      { seed, numRuns: times(1000) },
    )
  })

  it('is never that of another file of the run, also where upper and lower case are the same', () => {
    const exchange = new Exchange({ directory: '/x' }, 'token')
    const names = ['a', 'A', 'a'].map(name => exchange.fileFor({ name, guid }, 'full', at).name)
    expect(new Set(names.map(name => name.toLowerCase())).size).toBe(3)
  })
})

describe('the exchange directory', () => {
  it('has one name here and another on the server', () => {
    const windows = new Exchange({ directory: '/mnt/share', directoryOnServer: '\\\\host\\share\\' }, 't')
    expect(windows.fileFor({ name: 'a', guid }, 'full', at)).toMatchObject({
      local: expect.stringMatching(/^\/mnt\/share\/failsafe-t-a_/),
      onServer: expect.stringMatching(/^\\\\host\\share\\failsafe-t-a_/),
    })
    const container = new Exchange({ directory: '/srv/mssql', directoryOnServer: '/backup' }, 't')
    expect(container.fileFor({ name: 'a', guid }, 'full', at).onServer).toMatch(/^\/backup\/failsafe-t-a_/)
  })

  it('is swept of what this source left behind, and of nothing else', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'failsafe-exchange-'))
    try {
      const mine = tokenOf({ undo: '/staging/source/undo.json' })
      const other = tokenOf({ undo: '/staging/another/undo.json' })
      expect(mine).not.toBe(other)
      for (const name of [`failsafe-${mine}-a.bak`, `failsafe-${other}-a.bak`, 'customer.bak'])
        await writeFile(join(directory, name), 'x')
      await new Exchange({ directory }, mine).sweep()
      expect((await readdir(directory)).sort()).toEqual(['customer.bak', `failsafe-${other}-a.bak`].sort())
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})

describe('positions and times', () => {
  it('sorts LSNs as text just as they sort as numbers', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 25n - 1n), fc.bigInt(0n, 10n ** 25n - 1n), (a, b) => {
        expect(lsn(String(a)) < lsn(String(b))).toBe(a < b)
      }),
      { seed, numRuns: times(1000) },
    )
  })

  it('writes instants with the offset of the server, to the second', () => {
    expect(instantOf('2026-11-22T10:15:00.997', 60)).toBe('2026-11-22T10:15:00+01:00')
    expect(instantOf('2026-11-22T10:15:00', -210)).toBe('2026-11-22T10:15:00-03:30')
    expect(instantOf('2026-11-22 10:15:00', 0)).toBe('2026-11-22T10:15:00+00:00')
  })

  it('goes from an instant to the clock of the server and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: -48, max: 56 }), (seconds, quarters) => {
        const instant = new Date(seconds * 1000).toISOString()
        const local = localTimeOf(instant, quarters * 15)
        const back = instantOf(local, quarters * 15)
        expect(Date.parse(back)).toBe(seconds * 1000)
        expect(offsetOf(back)).toBe(quarters * 15)
      }),
      { seed, numRuns: times(1000) },
    )
  })
})

describe('compression', () => {
  it('is for the editions that have it', () => {
    expect(compresses({ engineEdition: 3, edition: 'Developer Edition (64-bit)' })).toBe(true)
    expect(compresses({ engineEdition: 4, edition: 'Express Edition (64-bit)' })).toBe(false)
    expect(compresses({ engineEdition: 2, edition: 'Web Edition (64-bit)' })).toBe(false)
  })

  it.each([
    ['13.0.5000.0', true],
    ['15.0.4035.1', true],
    ['15.0.4043.16', false],
    ['16.0.1000.6', false],
  ])('of an encrypted database on %s needs large transfers: %s', (version, needs) => {
    expect(needsLargeTransfers({ encrypted: true }, { version })).toBe(needs)
    expect(needsLargeTransfers({ encrypted: false }, { version })).toBe(false)
  })
})

describe('a channel', () => {
  it('gives what comes in its order, and ends', async () => {
    const channel = new Channel<number>()
    channel.push(1)
    setTimeout(() => {
      channel.push(2)
      channel.end()
    })
    expect(await Array.fromAsync(channel.take())).toEqual([1, 2])
  })

  it('tells who takes of a failure, before what lies there', async () => {
    const channel = new Channel<number>()
    channel.push(1)
    channel.fail(new Error('gone'))
    await expect(channel.take().next()).rejects.toThrow('gone')
  })
})

describe('the watch over a BACKUP', () => {
  const rows = (percent: number) => ({ query: async () => [{ percent_complete: percent, wait_type: 'BACKUPIO' }] })
  const until = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

  it('stops one that nothing moves in, and says what the server was waiting for', async () => {
    const watched = watch(({ signal }) => until(signal!), {
      signal: new AbortController().signal,
      patience: { stall: 60, poll: 10 },
      control: rows(40),
      session: 51,
      isHeldUp: () => false,
      onPercent: () => {},
    })
    await expect(watched).rejects.toThrow(Stalled)
    await expect(watched).rejects.toMatchObject({ wait: 'BACKUPIO' })
  })

  it('does not take one for stuck that waits for us', async () => {
    let heldUp = true
    const watched = watch(({ signal }) => until(signal!), {
      signal: new AbortController().signal,
      patience: { stall: 60, poll: 10 },
      control: rows(40),
      session: 51,
      isHeldUp: () => heldUp,
      onPercent: () => {},
    })
    const waiting = Symbol()
    const soon = new Promise(resolve => setTimeout(resolve, 200, waiting))
    expect(await Promise.race([watched, soon])).toBe(waiting)
    heldUp = false
    await expect(watched).rejects.toThrow(Stalled)
  })

  it('leaves one alone that still says something, or whose percentage grows', async () => {
    let percent = 0
    const work = async ({ onMessage }: { onMessage?: (message: { number: number; message: string }) => void }) => {
      for (let n = 1; n <= 10; n++) {
        await new Promise(resolve => setTimeout(resolve, 20))
        if (n <= 5) onMessage!({ number: 3211, message: `${n * 5} percent processed.` })
        else percent = n * 10
      }
      return 'done'
    }
    const percents: number[] = []
    const result = await watch(work, {
      signal: new AbortController().signal,
      patience: { stall: 120, poll: 5 },
      control: { query: async () => [{ percent_complete: percent }] },
      session: 51,
      isHeldUp: () => false,
      onPercent: each => percents.push(each),
    })
    expect(result).toBe('done')
    expect(percents).toEqual(percents.toSorted((a, b) => a - b))
    expect(percents).toContain(25)
  })

  it('stops one that is silent where nobody can ask either', async () => {
    const watched = watch(({ signal }) => until(signal!), {
      signal: new AbortController().signal,
      patience: { stall: 60, poll: 10 },
      control: {
        query: async () => {
          throw new Error('the connection was lost')
        },
      },
      session: 51,
      isHeldUp: () => false,
      onPercent: () => {},
    })
    await expect(watched).rejects.toThrow(Stalled)
  })
})
