import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { bundlePage } from './bundle-page.ts'
import { functions } from './functions.ts'
import { pageFolder } from './page-file.ts'
import { withoutLocales } from './without-locales.ts'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const bundleDirectory = join(root, 'build/lambdas')

/**
 * Bundles every function with all it needs (the AWS SDK too, so that what was tested is what runs) into
 * `<directory>/<name>/index.mjs`, and the restore page beside the one that serves it. Equal sources give equal bytes: the asset's hash, and with it a deployment, changes only with the code.
 */
export async function bundleLambdas(directory = bundleDirectory): Promise<void> {
  await Promise.all(
    functions.map(async ({ name }) => {
      const target = join(directory, name)
      await rm(target, { recursive: true, force: true })
      await mkdir(target, { recursive: true })
      if (name === 'restore-api') await bundlePage(join(target, pageFolder))
      await build({
        absWorkingDir: root,
        entryPoints: [`lambdas/${name}/handler.ts`],
        outfile: join(target, 'index.mjs'),
        bundle: true,
        platform: 'node',
        target: 'node24',
        format: 'esm',
        mainFields: ['module', 'main'],
        minify: true,
        legalComments: 'none',
        logLevel: 'error',
        loader: { '.html': 'text', '.css': 'text' },
        plugins: [withoutLocales],
        // CommonJS packages inside an ES module bundle still call require for Node's own modules.
        banner: {
          js: "import { createRequire as failsafeRequire } from 'node:module'; const require = failsafeRequire(import.meta.url);",
        },
      })
    }),
  )
}
