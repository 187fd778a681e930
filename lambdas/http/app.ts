import { type Hook, OpenAPIHono } from '@hono/zod-openapi'
import type { Env } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { routePath } from 'hono/route'
import { secureHeaders } from 'hono/secure-headers'
import type { ZodError } from 'zod'
import { ProblemError } from '../../shared/problem.ts'
import type { Ports } from './ports.ts'
import { wellFormed } from './well-formed.ts'

/**
 * An app in which every failure is a problem document, every request one line in the log, and no body longer than it may be.
 * @param maxBody bytes of a request's body
 */
export function newApp<E extends Env>({ log, clock }: Ports, maxBody: number): OpenAPIHono<E> {
  const app = newRoutes<E>()
  app.use(async (c, next) => {
    const started = clock().getTime()
    await next()
    const agent = (c.get('agent' as never) as { agent: string } | undefined)?.agent
    const code = c.error ? asProblem(c.error).code : undefined
    log.request({
      method: c.req.method,
      route: routePath(c, -1),
      status: c.res.status,
      milliseconds: clock().getTime() - started,
      ...(code === undefined ? {} : { code }),
      ...(agent === undefined ? {} : { agent }),
    })
  })
  app.use(secureHeaders({ strictTransportSecurity: 'max-age=31536000' }))
  app.use(async (c, next) => {
    await next()
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store')
  })
  app.use(
    bodyLimit({
      maxSize: maxBody,
      onError: () => {
        throw new ProblemError('body-too-large', `at most ${maxBody} bytes are taken here`)
      },
    }),
  )
  app.use(wellFormed)
  app.onError((error, c) => {
    const problem = asProblem(error)
    if (problem.status >= 500) log.failure(error)
    const headers = {
      'content-type': 'application/problem+json',
      ...(problem.code === 'throttled' ? { 'retry-after': String(problem.extra.retryAfterSeconds ?? 2) } : {}),
    }
    return c.body(JSON.stringify(problem.toDocument()), problem.status as 400, headers)
  })
  app.notFound(() => {
    throw new ProblemError('not-found')
  })
  return app
}

/** Routes to be mounted in such an app. */
export function newRoutes<E extends Env>(): OpenAPIHono<E> {
  return new OpenAPIHono<E>({ defaultHook: refuseInvalid as Hook<unknown, E, string, unknown> })
}

function refuseInvalid(result: { success: true } | { success: false; error: ZodError }): void {
  if (!result.success) throw invalidRequest(result.error)
}

/** Names the first few fields that are wrong, with their paths. */
export function invalidRequest(error: ZodError): ProblemError {
  const issues = error.issues
    .slice(0, 3)
    .map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '))
  return new ProblemError('invalid-request', issues.join('; '), { cause: error })
}

function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  if (error instanceof HTTPException && error.status < 500)
    return new ProblemError('invalid-request', error.message || undefined, { cause: error })
  return new ProblemError('internal', undefined, { fix: 'Try again in a minute', cause: error })
}
