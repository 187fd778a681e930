/** `npm run wasm`: makes the module that walks rows of its source, and writes it where the uploader imports it. */
import { writeFile } from 'node:fs/promises'
import { compileWalk, walkModule } from './wasm/compile.ts'

await writeFile(walkModule, await compileWalk())
console.log(`${walkModule} was written.`)
