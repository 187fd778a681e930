import { createRoute } from '@hono/zod-openapi'
import { auditCreation } from '../catalogue/audit.ts'
import { consoleEnd } from '../catalogue/consoles.ts'
import { isRefused, transact } from '../catalogue/table.ts'
import { refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import type { ConsoleApp } from './app.ts'

const route = createRoute({
  method: 'delete',
  path: '/v1/console',
  summary: 'Ends the console for everybody who has its link',
  responses: { 204: { description: 'It has ended' }, default: refusal },
})

export function endConsole(app: ConsoleApp, { catalogue, clock }: Ports): void {
  app.openapi(route, async c => {
    const { console, actor } = c.var
    const now = clock()
    const audit = { at: now.toISOString(), actor, action: 'console-ended', target: console.openedBy } as const
    try {
      await transact(catalogue, [{ update: consoleEnd(console, now) }, { put: auditCreation(null, audit) }])
    } catch (error) {
      if (!isRefused(error)) throw error // somebody else ended it at the same moment
    }
    return c.body(null, 204)
  })
}
