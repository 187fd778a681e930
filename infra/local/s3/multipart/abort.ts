import type { Answer } from '../answer.ts'
import type { Call } from '../call.ts'
import { findUpload } from './find-upload.ts'

export async function abort(call: Call): Promise<Answer> {
  const upload = findUpload(call)
  const files = call.store.uploads.parts(upload).map(part => part.file)
  call.store.uploads.remove(upload)
  await call.store.files.remove(files)
  return { status: 204 }
}
