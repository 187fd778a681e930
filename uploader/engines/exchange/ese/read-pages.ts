import { open } from 'node:fs/promises'
import { Failure } from '../../../../shared/failure.ts'
import { checkPage } from './page-checksum.ts'
import { fill } from './read.ts'

const blockSize = 1024 * 1024
const headerPages = 2

/**
 * Yields a whole database file, and looks at the checksum of every page that goes by. A chunk is valid until the next is asked for.
 * @param onMended told of each page with one wrong bit, which ESE mends when it reads it. @param size bytes that it must have
 * @throws Failure `exchange-page-damaged` before a byte of such a page is yielded, `exchange-file-changed`
 */
export async function* readPages(
  path: string,
  { name, pageSize, size }: { name: string; pageSize: number; size: number },
  onMended: (page: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(path)
  const block = Buffer.allocUnsafeSlow(blockSize)
  const words = new Int32Array(block.buffer, block.byteOffset, block.length / 4)
  let position = 0
  try {
    for (;;) {
      const chunk = await fill(file, block, position)
      if (chunk.length === 0) break
      for (let at = 0; at + pageSize <= chunk.length; at += pageSize) {
        const number = (position + at) / pageSize - headerPages + 1
        if (number < 1) continue
        const state = checkPage(words, at / 4, pageSize / 4, number)
        if (state === 'damaged') throw pageDamaged(name, number)
        if (state === 'mended') onMended(number)
      }
      position += chunk.length
      yield chunk
    }
  } finally {
    await file.close()
  }
  if (position !== size || position % pageSize !== 0) throw fileChanged(name, size, position)
}

function pageDamaged(name: string, page: number): Failure {
  return new Failure('exchange-page-damaged', `${name} has a damaged page`, {
    why: `the checksum of page ${page} is wrong (JET_errReadVerifyFailure, -1018)`,
    fix: 'Nothing was truncated. See that the disk is sound; move the mailboxes to another database, or reseed the copy; eseutil /k lists all such pages',
  })
}

export function fileChanged(name: string, before: number, now: number): Failure {
  return new Failure('exchange-file-changed', `${name} is not what it was when it was looked at`, {
    why: `it had ${before} bytes, and ${now} were read`,
    fix: 'See that no other program works on it, and run the backup again',
    retriable: true,
  })
}
