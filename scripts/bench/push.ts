import { randomFillSync } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { startDatabase } from '../../test/support/database.ts'
import { setUpCustomer } from '../demo/customer.ts'
import type { Bench } from './bench.ts'
import { interleaved } from './interleaved.ts'
import { ratio, report } from './report.ts'
import { senders } from './senders.ts'
import { fillPhotographs } from './shapes.ts'

const partSize = 16 * 1024 * 1024
const Enrolled = z.object({ recipients: z.array(z.string()) })
const Summary = z.object({
  seconds: z.number(),
  peakRssBytes: z.number(),
  bytes: z.object({ source: z.number(), sealed: z.number() }),
})

/**
 * Sending: parts of 16 MiB that do not compress, beside programs that send the same files; and the memory of the built binary while it backs up a large database with its
 * default settings.
 * @param size MiB of parts
 * @param large GiB that the binary seals and sends
 * @returns the report's lines
 */
export async function benchPush(
  { root, directory, binary, store, enrol }: Bench,
  { size, large, rounds }: { size: number; large: number; rounds: number },
): Promise<string[]> {
  const home = join(directory, 'push')
  const parts = join(home, 'parts')
  await mkdir(parts, { recursive: true })
  const server = await startDatabase({ directory: join(home, 'server'), options: { innodb_buffer_pool_size: '512M' } })
  try {
    const customer = await setUpCustomer(join(home, 'customer'), binary, server, {})
    const { config, kit } = customer
    await customer.failsafe(Enrolled, ['enrol', await enrol(), '--name', 'push', '--recovery-kit', kit])
    const count = Math.ceil((size * 1024 * 1024) / partSize)
    const bytes = count * partSize
    for (let number = 0; number < count; number++)
      await writeFile(join(parts, String(number).padStart(6, '0')), randomFillSync(Buffer.alloc(partSize)))
    const { rounds: results, does } = await interleaved(
      rounds,
      senders({ root, directory: home, parts, bytes, config, store }),
    )
    await rm(parts, { recursive: true })

    console.log(`Filling a server with ${large} GiB of photographs ...`)
    await fillPhotographs(server, large * 1024)
    const { seconds, peakRssBytes, bytes: moved } = await customer.failsafe(Summary, ['backup', 'shop'])
    const gib = (value: number) => (value / 2 ** 30).toFixed(2)
    return [
      '',
      `### ${count} parts of 16 MiB, ${(bytes / 2 ** 20).toFixed(0)} MiB`,
      '',
      ...does,
      '',
      'The server is the embedded cloud. The time of failsafe is without the start of the program, that of the others with it.',
      '',
      report(results, bytes),
      '',
      `Rate against curl: ${ratio(results, 'failsafe', 'curl').toFixed(2)} (above 1: faster).`,
      '',
      `### The built binary, ${gib(moved.source)} GiB that do not compress, default settings`,
      '',
      `${gib(moved.sealed)} GiB sealed and sent in ${seconds.toFixed(0)} s (${(moved.sealed / 1e6 / seconds).toFixed(0)} MB/s), peak RSS ${(peakRssBytes / 2 ** 20).toFixed(0)} MiB.`,
    ]
  } finally {
    await server.stop()
    await rm(home, { recursive: true, force: true })
  }
}
