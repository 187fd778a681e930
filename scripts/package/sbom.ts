import type { Metafile } from 'esbuild'
import type { Entry, LockFile } from '../lock/lock-file.ts'
import { addonPackage } from './koffi-addon.ts'
import { nodeVersion, type Target } from './targets.ts'

interface Component {
  type: 'library' | 'platform'
  name: string
  version: string
  purl: string
  'bom-ref': string
  licenses?: { license: { id: string } }[] | { expression: string }[]
  hashes?: { alg: 'SHA-512'; content: string }[]
}

/** CycloneDX 1.6 of what is really inside the binaries: the packages that esbuild took bytes from, koffi's native part, and Node. */
export function sbom(
  lock: LockFile,
  metafile: Metafile,
  product: { name: string; version: string },
  built: Target[],
): object {
  const packages = new Set<string>()
  for (const output of Object.values(metafile.outputs))
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const path = packagePath(lock, input)
      if (path && bytesInOutput > 0) packages.add(path)
    }
  const components = [
    ...[...packages].sort().map(path => component('library', nameOf(path, lock.packages[path]!), lock.packages[path]!)),
    ...built
      .map(target => addonPackage(target))
      .map(name => component('library', name, lock.packages[`node_modules/${name}`]!)),
    ...built.map(({ runtime }) =>
      component('platform', runtime, lock.packages[`node_modules/${runtime}`]!, nodeVersion),
    ),
  ]
  const self = `pkg:generic/${product.name}@${product.version}`
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': self,
        name: product.name,
        version: product.version,
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components,
    dependencies: [{ ref: self, dependsOn: components.map(one => one['bom-ref']) }],
  }
}

/** The lock's key of the package that a bundled file belongs to; undefined for our own files. */
function packagePath(lock: LockFile, input: string): string | undefined {
  const start = input.lastIndexOf('node_modules/')
  if (start === -1) return undefined
  const words = input.slice(start).split('/')
  const path = input.slice(0, start) + words.slice(0, words[1]!.startsWith('@') ? 3 : 2).join('/')
  if (!(path in lock.packages)) throw new Error(`${input} is bundled, but package-lock.json has no ${path}`)
  return path
}

function nameOf(path: string, entry: Entry): string {
  return typeof entry.name === 'string'
    ? entry.name
    : path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

function component(type: Component['type'], name: string, entry: Entry, version = entry.version ?? ''): Component {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  const licence = entry.license
  return {
    type,
    name,
    version,
    purl,
    'bom-ref': purl,
    ...(licence
      ? { licenses: / (OR|AND) /.test(licence) ? [{ expression: licence }] : [{ license: { id: licence } }] }
      : {}),
    ...(entry.integrity
      ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(entry.integrity.slice(7), 'base64').toString('hex') }] }
      : {}),
  }
}
