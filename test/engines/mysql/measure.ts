import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { nodeOptions } from '../../../scripts/package/targets.ts'
import { runOk } from '../../support/run.ts'

/** What an uploader may take, whatever it backs up. */
export const memoryLimitMib = 128

/** Has `measured-dump.ts` back up a server, bundled as the uploader is and with what it tells Node. */
export async function measureDump(server: { port: number }, concurrency = 2) {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-measure-'))
  try {
    const outfile = join(directory, 'measured-dump.cjs')
    await build({
      entryPoints: [fileURLToPath(new URL('measured-dump.ts', import.meta.url))],
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'cjs',
      logLevel: 'silent',
    })
    const { stdout } = await runOk(process.execPath, [
      ...nodeOptions,
      '--optimize-for-size', // uploader/main.ts
      outfile,
      String(server.port),
      String(concurrency),
    ])
    const measured = JSON.parse(stdout) as {
      files: number
      bytes: number
      rows: number
      seconds: number
      peakMib: number
    }
    console.log(`a full in ${measured.seconds.toFixed(1)} s, at most ${measured.peakMib.toFixed(0)} MiB of memory`)
    return measured
  } finally {
    await rm(directory, { recursive: true })
  }
}
