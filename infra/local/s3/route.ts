import type { Call } from './call.ts'
import { S3Error } from './error.ts'
import type { Operation } from './operation.ts'
import { operations } from './operations.ts'

const everyHeader = [
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-security-token',
  'x-amz-user-agent',
  'x-amz-sdk-checksum-algorithm',
]

/** Parts of the signature, and `x-id`, which the SDK adds and S3 ignores. */
const isOfNoConcern = (name: string) => /^x-amz-/i.test(name) || name === 'x-id'

/** The one operation that understands all of a request. @throws S3Error `NotImplemented` */
export function route(call: Call): Operation {
  const names = [...call.query.keys()].filter(name => !isOfNoConcern(name))
  const on = call.key === '' ? 'bucket' : 'object'
  const operation = Object.values<Operation>(operations).find(({ method, on: scope, marks = {}, query = [] }) => {
    const marked = Object.entries(marks).every(
      ([name, value]) => call.query.has(name) && (value === undefined || call.query.get(name) === value),
    )
    const understood = names.every(name => name in marks || query.includes(name))
    return method === call.request.method && scope === on && marked && understood
  })
  if (!operation) throw new S3Error('NotImplemented')
  const foreign = call.headerNames().find(name => name.startsWith('x-amz-') && !understands(operation, name))
  if (foreign !== undefined) throw new S3Error('NotImplemented', `The header ${foreign} is not implemented here.`)
  return operation
}

function understands({ headers = [] }: Operation, name: string): boolean {
  return [...everyHeader, ...headers].some(known => (known.endsWith('-') ? name.startsWith(known) : name === known))
}
