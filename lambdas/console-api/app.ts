import type { OpenAPIHono } from '@hono/zod-openapi'
import { newApp } from '../http/app.ts'
import type { Ports } from '../http/ports.ts'
import { providerRoutes } from '../provider/routes.ts'
import { endConsole } from './end-console.ts'
import { type ConsoleEnv, openedConsole } from './opened.ts'
import { readConsole } from './read-console.ts'

export type ConsoleApp = OpenAPIHono<ConsoleEnv>

const maxBody = 64 * 1024

/**
 * Behind the provider's page: what is looked at every day, links and enrol tokens. What takes anything away from a customer (suspending, revoking
 * agents, retention, quotas) needs AWS credentials: it is not here.
 */
export function consoleApi(ports: Ports): ConsoleApp {
  const app: ConsoleApp = newApp<ConsoleEnv>(ports, maxBody)
  app.use('/v1/console/*', openedConsole(ports))
  readConsole(app, ports)
  endConsole(app, ports)
  app.route('/v1/console', providerRoutes(ports))
  return app
}
