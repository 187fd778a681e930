import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { bundleDirectory, bundleLambdas, root } from './bundle.ts'
import { receiverApp } from './receiver-app.ts'

// `npm run synth [-- <output> [<bundles>]]`: bundles the functions and writes the cloud assembly; needs no network and no credentials.
const [output = join(root, 'cdk.out'), bundles = bundleDirectory] = process.argv.slice(2).map(path => resolve(path))
// The CDK command line reads the provider's settings from there as well.
const { context } = JSON.parse(await readFile(join(root, 'cdk.json'), 'utf8')) as { context: Record<string, unknown> }
await bundleLambdas(bundles)
receiverApp({ outdir: output, bundles, context }).synth()
console.log(`The template is in ${output}`)
