import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { begin } from '../../../uploader/engines/mysql/dump/begin.ts'
import { mysql } from '../../../uploader/engines/mysql/engine.ts'

/*
 * A full backup in a process of its own, whose peak memory is then that of the engine and of Node. Its bytes go nowhere. Arguments: the port, and
 * how many artefacts are read at once.
 */
async function measure(): Promise<void> {
  const [port, concurrency] = process.argv.slice(2).map(Number) as [number, number]
  const settings = mysql.settings.parse({ connection: { host: '127.0.0.1', port, user: 'root' } })
  const signal = new AbortController().signal
  const began = performance.now()
  const session = await begin(settings, {
    signal,
    concurrency,
    step: () => {},
    warn: () => {},
    written: () => {},
    kept: new Map(),
    scratch: join(tmpdir(), 'a full writes no files'),
    undo: join(tmpdir(), 'nor takes anything that stays'),
    now: () => new Date(),
  })
  const artefacts = session.artefacts()[Symbol.asyncIterator]()
  let [files, bytes, rows] = [0, 0, 0]
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let next = await artefacts.next(); !next.done; next = await artefacts.next()) {
        files++
        for await (const chunk of next.value.read()) bytes += chunk.length
        rows += Number(next.value.attributes?.rows ?? 0)
      }
    }),
  )
  session.units()
  await session.close('succeeded')
  const seconds = (performance.now() - began) / 1000
  const peakKib = Number(/VmHWM:\s+(\d+) kB/.exec(await readFile('/proc/self/status', 'utf8'))![1])
  process.stdout.write(JSON.stringify({ files, bytes, rows, seconds, peakMib: peakKib / 1024 }))
}

measure().catch(error => {
  console.error(error)
  process.exitCode = 1
})
