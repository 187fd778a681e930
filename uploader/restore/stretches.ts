import type { Extent } from '../../shared/manifest.ts'
import { Opener } from '../../shared/sealed/open.ts'
import type { ChainArtefact } from './artefacts.ts'
import { contents } from './contents.ts'

/** Sealed bytes that are asked for at once, so that what is left at the end is shared by all workers. An artefact that is longer stands alone. */
const longest = 16 * 1024 * 1024

/** Artefacts that lie behind each other in the packs: one request brings them all, where thousands of small ones would cost a request each. */
export function stretchesOf(artefacts: readonly ChainArtefact[]): ChainArtefact[][] {
  const stretches: ChainArtefact[][] = []
  let length = 0
  for (const artefact of artefacts.toSorted(byPlace)) {
    const stretch = stretches.at(-1)
    const last = stretch?.at(-1)
    length += artefact.line.sealedSize
    if (last && length <= longest && follows(last, artefact)) stretch!.push(artefact)
    else {
      stretches.push([artefact])
      length = artefact.line.sealedSize
    }
  }
  return stretches
}

/** Reads a stretch and calls `use` with each artefact of it and its plain bytes, which it must read to their end. @throws Failure `artefact-damaged` */
export async function readStretch(
  stretch: readonly ChainArtefact[],
  identities: readonly string[],
  use: (artefact: ChainArtefact, plain: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const [{ reader }] = stretch as [ChainArtefact]
  const sealed = slices(reader.read(stretch.flatMap(({ line }) => line.extents)))
  const opener = new Opener(identities)
  try {
    for (const artefact of stretch) {
      const { line, snapshot } = artefact
      await use(artefact, contents.artefact(opener.open(sealed.take(line.sealedSize)), line, snapshot))
    }
  } finally {
    opener.close()
    await sealed.close()
  }
}

const firstOf = ({ line }: ChainArtefact) => line.extents[0] as Extent
const lastOf = ({ line }: ChainArtefact) => line.extents.at(-1) as Extent

function byPlace(a: ChainArtefact, b: ChainArtefact): number {
  if (a.snapshot !== b.snapshot) return a.snapshot < b.snapshot ? -1 : 1
  return firstOf(a).pack - firstOf(b).pack || firstOf(a).offset - firstOf(b).offset
}

function follows(a: ChainArtefact, b: ChainArtefact): boolean {
  const { pack, offset, length } = lastOf(a)
  return a.snapshot === b.snapshot && firstOf(b).pack === pack && firstOf(b).offset === offset + length
}

/** Takes one stream apart, slice after slice; each must be read to its end before the next is taken. */
function slices(bytes: AsyncIterable<Uint8Array>) {
  const input = bytes[Symbol.asyncIterator]()
  let rest: Uint8Array | undefined
  return {
    async *take(length: number): AsyncGenerator<Uint8Array, void, undefined> {
      for (let left = length; left > 0; ) {
        const chunk = rest ?? (await input.next()).value
        if (!chunk) return
        const piece = chunk.subarray(0, left)
        rest = piece.length < chunk.length ? chunk.subarray(piece.length) : undefined
        left -= piece.length
        yield piece
      }
    },
    async close(): Promise<void> {
      await input.return?.()
    },
  }
}
