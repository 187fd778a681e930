import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import asc from 'assemblyscript/asc'

const root = dirname(dirname(import.meta.dirname))
const wire = 'uploader/engines/mysql/wire'

/** The file that the uploader imports, made of the folder `assembly` beside it. */
export const walkModule = join(root, wire, 'walk-module.ts')

/** @returns the text of `walkModule` @throws with the compiler's messages */
export async function compileWalk(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-wasm-'))
  try {
    const file = join(directory, 'walk.wasm')
    const { error, stderr } = await asc.main([
      `${wire}/assembly/walk.ts`,
      ...['--baseDir', root, '--outFile', file],
      ...['-O3', '--runtime', 'stub', '--enable', 'simd', '--importMemory', '--noAssert', '--use', 'abort='],
    ])
    if (error) throw new Error(`${stderr.toString()}${error.message}`)
    const base64 = (await readFile(file)).toString('base64')
    return `/** Made of the folder assembly by \`npm run wasm\`. */\nexport const walkModule =\n  '${base64}'\n`
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
