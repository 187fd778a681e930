import { randomFillSync } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { blockType, encodeBlock } from '../../test/doubles/tns/files/block.ts'
import { writeHeader } from '../../test/doubles/tns/files/data-file.ts'
import { fileKind, firstBlock } from '../../test/doubles/tns/files/file-header.ts'
import { backupUser, type Oracle, startOracle } from '../../test/doubles/tns/oracle.ts'
import { setUpHost } from '../demo/customer.ts'
import type { Bench } from './bench.ts'

const Enrolled = z.object({ recipients: z.array(z.string()) })
const Summary = z.object({
  kind: z.string(),
  seconds: z.number(),
  peakRssBytes: z.number(),
  bytes: z.object({ source: z.number(), sealed: z.number() }),
})

const users = 4
const GiB = 2 ** 30
const most = 128 * 2 ** 20

/**
 * A full of a database with one large data file that does not compress, read through the connection by the built binary.
 * @param large GiB of that file
 * Ends with exit code 1 where the binary takes more memory than the product promises.
 */
export async function benchOracle(
  { directory, binary, enrol }: Bench,
  { large }: { large: number },
): Promise<string[]> {
  const home = join(directory, 'oracle')
  const server = await startOracle({ directory: join(home, 'server') })
  try {
    console.log(`Making a data file of ${large} GiB ...`)
    await grow(server, large * GiB)
    const { port, database } = server
    const customer = await setUpHost(join(home, 'customer'), binary, {
      entry: passwordFile => [
        'engine: oracle',
        `connection: { port: ${port}, service: ${database.uniqueName}, user: '${backupUser.name}', passwordFile: ${passwordFile} }`,
        `directory: ${join(database.directory, 'diag')}`,
        'files: remote',
      ],
      password: backupUser.password,
    })
    await customer.failsafe(Enrolled, ['enrol', await enrol(), '--name', 'oracle', '--recovery-kit', customer.kit])
    const before = server.roundTrips
    const { kind, seconds, peakRssBytes, bytes } = await customer.failsafe(Summary, ['backup', 'shop'])
    const trips = server.roundTrips - before
    const peak = (peakRssBytes / 2 ** 20).toFixed(0)
    if (peakRssBytes > most) {
      console.error(`The binary took ${peak} MiB of memory, and 128 are promised.`)
      process.exitCode = 1
    }
    return [
      '',
      `### A ${kind} of ${(bytes.source / GiB).toFixed(2)} GiB, of which one data file has ${large} GiB`,
      '',
      'The server is the stand-in of the tests, in the process of the benchmark, on the same machine as the binary and the embedded cloud.',
      '',
      `${seconds.toFixed(0)} s, ${(bytes.source / 1e6 / seconds).toFixed(0)} MB/s; ${trips} round trips, ${(trips / (bytes.source / 2 ** 20)).toFixed(1)} for each MiB; peak RSS of the binary ${peak} MiB.`,
    ]
  } finally {
    await server.close()
  }
}

/** More blocks than a compressor looks back over, again and again: their addresses are not looked at. */
const pattern = 4096

async function grow({ database }: Oracle, bytes: number): Promise<void> {
  const file = database.file(users)
  const { blockSize } = database
  file.blocks = bytes / blockSize - 1
  const blocks = Array.from({ length: pattern }, (_, number) =>
    encodeBlock(
      {
        type: blockType.data,
        file: users,
        number,
        scn: file.creationScn,
        payload: randomFillSync(Buffer.alloc(blockSize - 24)),
      },
      blockSize,
    ),
  )
  const piece = Buffer.concat(blocks)
  const handle = await open(file.path, 'r+')
  try {
    for (let at = 0; at < bytes; at += piece.length)
      await handle.write(piece, 0, Math.min(piece.length, bytes - at), at)
    await handle.write(firstBlock(fileKind.data, file.blocks, blockSize), 0, blockSize, 0)
  } finally {
    await handle.close()
  }
  writeHeader(file.path, database.headerOf(file))
  database.saveControlFiles()
}
