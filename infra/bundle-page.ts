import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type BuildOptions, type BuildResult, build } from 'esbuild'
import { writePageFile } from './page-file.ts'
import { withoutLocales } from './without-locales.ts'

const root = join(import.meta.dirname, '..')
const app = 'lambdas/restore-page/app'

const common = {
  absWorkingDir: root,
  outdir: '/page',
  bundle: true,
  platform: 'browser',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  logLevel: 'error',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  define: { 'process.env.NODE_ENV': '"production"' },
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  plugins: [withoutLocales],
  write: false,
  metafile: true,
} satisfies BuildOptions

type Built = BuildResult<{ write: false; metafile: true }>

/**
 * Bundles the pages into `directory`: the restore page and the provider's console as modules that share what both need, the worker that opens
 * backups, the service worker that saves them, and `names.json`, which says what all but the last are called. Equal sources give equal bytes, and
 * other bytes another name, but for `saving.js`: a service worker is known by its address.
 */
export async function bundlePage(directory: string): Promise<void> {
  const [pages, worker, saving]: Built[] = await Promise.all([
    build({ ...common, entryPoints: [`${app}/main.tsx`, `${app}/console.tsx`], format: 'esm', splitting: true }),
    build({ ...common, entryPoints: [`${app}/opening/worker.ts`], format: 'iife' }),
    build({
      ...common,
      entryPoints: { saving: `${app}/saving/service-worker.ts` },
      entryNames: '[name]',
      format: 'iife',
    }),
  ])
  for (const { outputFiles } of [pages!, worker!, saving!])
    for (const { path, contents } of outputFiles) writePageFile(directory, basename(path), contents)
  const names = {
    ...namesOf(pages!, 'main.tsx'),
    worker: basename(entryOf(worker!, 'opening/worker.ts').name),
    console: namesOf(pages!, 'console.tsx'),
  }
  writeFileSync(join(directory, 'names.json'), JSON.stringify(names))
}

function namesOf(built: Built, entry: string) {
  const { name, output } = entryOf(built, entry)
  const imported = output.imports.filter(({ kind }) => kind === 'import-statement')
  return {
    script: basename(name),
    imports: imported.map(({ path }) => basename(path)),
    style: basename(output.cssBundle!),
  }
}

/** @param entry its source, below the app */
function entryOf({ metafile }: Built, entry: string) {
  const [found] = Object.entries(metafile.outputs).filter(([, { entryPoint }]) => entryPoint === `${app}/${entry}`)
  const [name, output] = found!
  return { name, output }
}
