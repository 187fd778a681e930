import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { realNow, setClock } from './clock.ts'
import type { Answer, FunctionIdentity, Invocation } from './message.ts'

/** The thread of one function: loads the bundle once and runs every invocation, as the Node.js runtime of Lambda does. */
const identity = workerData as FunctionIdentity
const port = parentPort!
const module = await import(pathToFileURL(identity.module).href)
const handler: unknown = module[identity.handler]
if (typeof handler !== 'function')
  throw new Error(`${identity.name}: the bundle exports no function ${identity.handler}`)

port.on('message', (invocation: Invocation) => {
  setClock(invocation.clockOffset)
  void invoke(invocation).then(answer => port.postMessage(answer))
})

async function invoke({ id, event, requestId, deadline }: Invocation): Promise<Answer> {
  const context = {
    functionName: identity.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: identity.arn,
    memoryLimitInMB: String(identity.memory),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${identity.name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - realNow()),
  }
  try {
    return { id, result: await (handler as (event: unknown, context: unknown) => unknown)(event, context) }
  } catch (thrown) {
    console.error(thrown)
    const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown))
    return { id, error: { name, message } }
  }
}
