import { createMiddleware } from 'hono/factory'
import { ProblemError } from '../../shared/problem.ts'
import { type Console, findConsole } from '../catalogue/consoles.ts'
import { countConsoleRequest } from '../catalogue/rates.ts'
import { throwThrottled } from '../http/agent-proof.ts'
import { bearerOf } from '../http/bearer.ts'
import type { Ports } from '../http/ports.ts'
import type { ProviderEnv } from '../provider/routes.ts'

export interface ConsoleEnv {
  Variables: ProviderEnv['Variables'] & { console: Console }
}

/** Refuses who does not show the secret of a console link that is alive. What is done is done in the name of who made it. */
export function openedConsole({ catalogue, clock, env }: Ports) {
  return createMiddleware<ConsoleEnv>(async (c, next) => {
    const secret = bearerOf(c.req)
    const found = secret === undefined ? undefined : await findConsole(catalogue, secret, clock())
    if (!found) throw new ProblemError('link-invalid', undefined, { fix: 'Open another with failsafe-admin console' })
    const limit = env.REQUESTS_PER_MINUTE
    const wait = await countConsoleRequest(catalogue, found.hash, limit, clock())
    throwThrottled(wait, `a console takes ${limit} requests a minute`)
    c.set('console', found)
    c.set('actor', `console:${found.openedBy}`)
    await next()
  })
}
