import { join } from 'node:path'
import { build, type Metafile } from 'esbuild'

/**
 * The uploader as one CommonJS file (a bundle in ES module form fails at run time: "Dynamic require of buffer").
 * @returns what went into it
 */
export async function bundleUploader(root: string, outfile: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'uploader/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'silent', // a failed build says all of it when it throws
  })
  return metafile
}
