import type { Hono } from 'hono'
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda'

/**
 * A function's handler: answers API Gateway's events with an app. What comes with a GET or HEAD besides the address means nothing (RFC 9110)
 * and is left out: a Request of the web standard cannot hold it, and the adapter would refuse it past the app, without a problem document.
 */
// biome-ignore lint/suspicious/noExplicitAny: an app of any environment
export function serve(app: Hono<any, any, any>) {
  const answer = handle(app)
  return (event: LambdaEvent, context?: LambdaContext) => answer(withoutIdleBody(event), context)
}

function withoutIdleBody(event: LambdaEvent): LambdaEvent {
  if (!('rawPath' in event)) return event
  const { method } = event.requestContext.http
  return method === 'GET' || method === 'HEAD' ? { ...event, body: null, isBase64Encoded: false } : event
}
