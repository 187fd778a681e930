/** `npm run openapi`: writes docs/openapi.json, the description of every call, from the schemas that the receiver checks with. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openApiDocument } from './openapi/document.ts'

const file = join(import.meta.dirname, '../docs/openapi.json')
const document = openApiDocument()
await writeFile(file, `${JSON.stringify(document, null, 2)}\n`)
const calls = Object.values(document.paths).reduce((sum, methods) => sum + Object.keys(methods).length, 0)
console.log(`${calls} calls are described in docs/openapi.json`)
