import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { AccessControl } from '../access.ts'
import { type Endpoints, environmentOf } from '../environment.ts'
import type { KeyPair, SessionKeys } from '../iam/access.ts'
import type { Place } from '../plan/identity.ts'
import type { Plan } from '../plan/plan.ts'
import { HostedFunction } from './function.ts'

/**
 * Makes every function of the plan ready to be invoked, by ARN. The code is copied into the cloud's directory, as a deployment copies
 * it: a later build of the working tree changes nothing under a running cloud.
 */
export async function hostFunctions(
  plan: Plan,
  options: {
    directory: string
    logs: string
    /** What the function signs with, by its role. */
    keysOf: (roleArn: string) => KeyPair | SessionKeys
    access: Pick<AccessControl, 'authorize'>
    endpoints: Endpoints
    place: Place
    now?: (() => Date) | undefined
  },
): Promise<Map<string, HostedFunction>> {
  const { directory, logs, keysOf, access, endpoints, place, now } = options
  const hosted = new Map<string, HostedFunction>()
  await rm(join(directory, 'functions'), { recursive: true, force: true })
  for (const planned of plan.functions) {
    const { logicalId, name, arn, properties } = planned
    const code = join(directory, 'functions', logicalId)
    await cp(planned.code, code, { recursive: true })
    const { file, handler } = entryOf(properties.Handler)
    hosted.set(
      arn,
      new HostedFunction({
        module: join(code, file),
        handler,
        name,
        arn,
        memory: properties.MemorySize,
        timeout: properties.Timeout,
        environment: environmentOf(planned, code, keysOf(properties.Role), endpoints, place),
        logFile: join(logs, `${logicalId}.log`),
        mayLog: mayLog(properties, access, place),
        now,
      }),
    )
  }
  return hosted
}

function mayLog(
  { Role: principal, LoggingConfig }: Plan['functions'][number]['properties'],
  access: Pick<AccessControl, 'authorize'>,
  { partition, region, account }: Place,
): () => boolean {
  const resource = `arn:${partition}:logs:${region}:${account}:log-group:${LoggingConfig.LogGroup}:log-stream:local`
  return () =>
    ['logs:CreateLogStream', 'logs:PutLogEvents'].every(
      action => access.authorize({ principal, action, resource, context: {} }).allowed,
    )
}

/** `index.handler`: the module index.mjs and its export. */
function entryOf(handler: string): { file: string; handler: string } {
  const [module, name, ...rest] = handler.split('.')
  if (!module || !name || rest.length > 0) throw new Error(`unknown form of handler: ${handler}`)
  return { file: `${module}.mjs`, handler: name }
}
