import { bundleDirectory, bundleLambdas } from '../infra/bundle.ts'

await bundleLambdas()
console.log(`Bundled the receiver's functions into ${bundleDirectory}`)
