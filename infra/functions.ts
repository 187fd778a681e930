/** The receiver's functions: those that answer calls of the HTTP API, and those that the clock starts. */
export type FunctionDefinition = ApiFunction | ScheduledFunction

export interface ApiFunction {
  /** Folder under `lambdas/` whose handler.ts exports `handler`, and the name of its bundle. */
  name: 'agent-api' | 'committer' | 'restore-api' | 'console-api' | 'admin-api'
  /** `METHOD /path` as API Gateway writes it. */
  routes: string[]
  /**
   * `agent`: the function checks a proof or a restore link itself; `console`: the link of a console. `provider`: API Gateway wants an AWS_IAM
   * signature.
   */
  callers: 'agent' | 'console' | 'provider'
}

export interface ScheduledFunction {
  name: 'janitor' | 'watchdog'
  routes: []
  callers: 'clock'
  everyMinutes: number
  timeoutMinutes: number
}

export type FunctionName = FunctionDefinition['name']

export const functions: FunctionDefinition[] = [
  {
    name: 'agent-api',
    callers: 'agent',
    routes: [
      'GET /v1/receiver',
      'POST /v1/enrolments',
      'POST /v1/agent/key',
      'PUT /v1/agent/certificate',
      'GET /v1/sources',
      'PUT /v1/sources/{name}',
      'GET /v1/sources/{source}/heads',
      'POST /v1/snapshots',
      'DELETE /v1/snapshots/{snapshot}',
      'POST /v1/snapshots/{snapshot}/renew',
      'POST /v1/snapshots/{snapshot}/parts',
      'GET /v1/snapshots/{snapshot}/packs/{pack}/parts',
      'POST /v1/snapshots/{snapshot}/proofs',
      'POST /v1/runs',
      'POST /v1/links',
      'DELETE /v1/links/{name}',
    ],
  },
  {
    name: 'committer',
    callers: 'agent',
    routes: ['POST /v1/snapshots/{snapshot}/packs/{pack}/complete', 'POST /v1/snapshots/{snapshot}/commit'],
  },
  {
    name: 'restore-api',
    callers: 'agent',
    routes: [
      'GET /v1/link',
      'DELETE /v1/link',
      'GET /v1/link/uses',
      'GET /v1/sources/{source}/timeline',
      'GET /v1/sources/{source}/plan',
      'POST /v1/restore-manifests',
      'GET /v1/restore-manifests/{manifest}',
      'POST /v1/restore-manifests/{manifest}/urls',
      'GET /r',
      'GET /console',
      'GET /r/{file}',
    ],
  },
  {
    name: 'console-api',
    callers: 'console',
    routes: [
      'GET /v1/console',
      'DELETE /v1/console',
      'GET /v1/console/tenants',
      'POST /v1/console/tenants/{tenant}/enrol-tokens',
      'GET /v1/console/agents',
      'GET /v1/console/sources',
      'GET /v1/console/notices',
      'GET /v1/console/usage',
      'GET /v1/console/links',
      'POST /v1/console/links',
      'DELETE /v1/console/links/{tenant}/{name}',
    ],
  },
  { name: 'admin-api', callers: 'provider', routes: ['ANY /v1/admin/{proxy+}'] },
  { name: 'janitor', callers: 'clock', routes: [], everyMinutes: 15, timeoutMinutes: 15 },
  { name: 'watchdog', callers: 'clock', routes: [], everyMinutes: 5, timeoutMinutes: 5 },
]
