import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { koffiInSingleFile } from './koffi-addon.ts'

/**
 * The uploader as one CommonJS file (a bundle in ES module form fails at run time: "Dynamic require of buffer").
 * @param faultPoints for the kill tests only: with the steps at which a run can be made to die (uploader/fault-point.ts)
 * @returns what went into it
 */
export async function bundleUploader(
  root: string,
  outfile: string,
  { faultPoints = false }: { faultPoints?: boolean } = {},
): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'uploader/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    minify: true,
    // A driver's own dependency looks for it, and does without.
    external: ['supports-color'],
    // Nothing is left of them where this is false: an empty function is inlined.
    define: { FAULT_POINTS: String(faultPoints) },
    keepNames: true,
    legalComments: 'none',
    plugins: [koffiInSingleFile(root)],
    metafile: true,
    logLevel: 'silent', // a failed build says all of it when it throws
  })
  await writeFile(outfile, asAscii(await readFile(outfile, 'utf8')))
  return metafile
}

/**
 * One character beyond Latin-1 and V8 keeps the whole source in two bytes for each, which is megabytes of memory. esbuild escapes them but for those in regular
 * expressions, where the same escape is right.
 */
function asAscii(source: string): string {
  return source.replaceAll(/[^\0-\x7f]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
