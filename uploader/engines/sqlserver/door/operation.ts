import { queryPairs, uriDecode } from '../../../../shared/sigv4/encode.ts'
import { Refused } from './refused.ts'

/** What of S3 the door does. */
export type Operation =
  | { name: 'HeadBucket' }
  | { name: 'GetBucketLocation' }
  | { name: 'ListObjects' }
  | { name: 'HeadObject' | 'GetObject' | 'DeleteObject' | 'PutObject' | 'CreateMultipartUpload'; object: string }
  | { name: 'UploadPart'; object: string; upload: string; number: number }
  | { name: 'CompleteMultipartUpload' | 'AbortMultipartUpload'; object: string; upload: string }

/** S3's own. */
const lastPart = 10_000

/** @param bucket the only one there is. @throws Refused */
export function operationOf(method: string, rawPath: string, rawQuery: string, bucket: string): Operation {
  const [first, ...rest] = uriDecode(rawPath).slice(1).split('/')
  if (first !== bucket) throw new Refused('NoSuchBucket', 'The specified bucket does not exist')
  const object = rest.join('/')
  const query = new Map(queryPairs(rawQuery))
  const upload = query.get('uploadId')
  if (object === '') {
    if (method === 'HEAD') return { name: 'HeadBucket' }
    if (method === 'GET') return { name: query.has('location') ? 'GetBucketLocation' : 'ListObjects' }
  } else if (upload !== undefined) {
    if (method === 'PUT') return { name: 'UploadPart', object, upload, number: partNumber(query.get('partNumber')) }
    if (method === 'POST') return { name: 'CompleteMultipartUpload', object, upload }
    if (method === 'DELETE') return { name: 'AbortMultipartUpload', object, upload }
  } else if (method === 'POST' && query.has('uploads')) return { name: 'CreateMultipartUpload', object }
  else {
    if (method === 'PUT') return { name: 'PutObject', object }
    if (method === 'HEAD') return { name: 'HeadObject', object }
    if (method === 'GET') return { name: 'GetObject', object }
    if (method === 'DELETE') return { name: 'DeleteObject', object }
  }
  throw new Refused('NotImplemented', `The door has no ${method} for this`)
}

function partNumber(text: string | undefined): number {
  const number = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0
  if (number >= 1 && number <= lastPart) return number
  throw new Refused('InvalidRequest', `The part number must be from 1 to ${lastPart}`)
}
