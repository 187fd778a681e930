import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Writes SHA256SUMS over all that `folder` ships, in the form that `sha256sum -c` reads. */
export async function writeSums(folder: string): Promise<void> {
  const files = (await readdir(folder)).filter(file => file.startsWith('failsafe')).sort()
  const lines = []
  for (const file of files) {
    const hash = createHash('sha256')
    await pipeline(createReadStream(join(folder, file)), hash)
    lines.push(`${hash.digest('hex')}  ${file}\n`)
  }
  await writeFile(join(folder, 'SHA256SUMS'), lines.join(''))
}
