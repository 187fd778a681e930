import type { IncomingMessage } from 'node:http'
import { startReceiver, type TestReceiver } from '../../test/receiver/support.ts'
import { countRequests, type TableRequests } from '../../test/support/requests.ts'
import { minus, nothing, type Requests } from './requests.ts'

/** The receiver's own code on the stand-ins, with a counter at every door. */
export interface CountedReceiver extends AsyncDisposable {
  receiver: TestReceiver
  /** What `work` caused. */
  count(work: () => Promise<unknown>): Promise<Requests>
}

export async function startCountedReceiver(): Promise<CountedReceiver> {
  const receiver = await startReceiver()
  const tables: TableRequests[] = []
  const s3 = { writes: 0, reads: 0 }
  let calls = 0
  receiver.seams.table = table => {
    const counted = countRequests(table)
    tables.push(counted.count)
    return counted.table
  }
  receiver.seams.intercept = request => {
    if (isWrite(request)) s3.writes++
    else s3.reads++
    return undefined
  }
  const { send } = receiver
  receiver.send = (request, address) => {
    calls++
    return send(request, address)
  }
  const now = (): Requests => ({
    ...nothing,
    calls,
    s3Writes: s3.writes,
    s3Reads: s3.reads,
    table: sum(({ requests }) => requests),
    tableReadUnits: sum(({ readUnits }) => readUnits),
    tableWriteUnits: sum(({ writeUnits }) => writeUnits),
  })
  const sum = (figure: (count: TableRequests) => number) => tables.reduce((total, each) => total + figure(each), 0)
  return {
    receiver,
    async count(work) {
      const before = now()
      await work()
      return minus(now(), before)
    },
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  }
}

/** S3 bills lists like writes. */
function isWrite({ method, url = '' }: IncomingMessage): boolean {
  if (method === 'PUT' || method === 'POST') return true
  const { searchParams } = new URL(url, 'http://s3')
  return method === 'GET' && ['list-type', 'versions', 'uploads', 'uploadId'].some(name => searchParams.has(name))
}
