import type { HostedFunction } from './functions/function.ts'
import type { Target } from './gateway/gateway.ts'
import type { Route } from './gateway/match.ts'
import { compilePattern } from './iam/pattern.ts'
import type { Place } from './plan/identity.ts'
import type { Plan } from './plan/plan.ts'

/**
 * Follows every route of the template to its integration and function.
 * @throws Error where API Gateway would answer 500: no integration, no function, or no permission to invoke it
 */
export function routesOf(plan: Plan, functions: Map<string, HostedFunction>, place: Place): Route<Target>[] {
  const [api] = plan.apis
  if (!api || plan.apis.length !== 1 || plan.stages.length !== 1)
    throw new Error('the embedded cloud runs exactly one HTTP API with one stage')
  return plan.routes.map(({ logicalId, properties }) => {
    const { RouteKey: key, Target: target, AuthorizationType } = properties
    const integration = plan.integrations.find(({ name }) => target === `integrations/${name}`)
    if (!integration) throw new Error(`${logicalId}: there is no integration ${target}`)
    const { IntegrationUri: arn, TimeoutInMillis: timeout } = integration.properties
    const hosted = functions.get(arn)
    if (!hosted) throw new Error(`${logicalId}: there is no function ${arn}`)
    const source = sourceArn(key, api.name, place)
    const permitted = plan.permissions.some(
      ({ properties: { FunctionName, Principal, SourceArn } }) =>
        Principal === 'apigateway.amazonaws.com' && FunctionName === arn && compilePattern(SourceArn).test(source),
    )
    if (!permitted) throw new Error(`${logicalId}: API Gateway has no permission to invoke ${arn} for ${key}`)
    return { key, target: { signed: AuthorizationType === 'AWS_IAM', timeout, invoke: event => hosted.invoke(event) } }
  })
}

/** `arn:…:execute-api:…:api/stage/METHOD/path`, with `*` in place of ANY as AWS asks. */
function sourceArn(key: string, apiId: string, { partition, region, account }: Place): string {
  const [method, path] = key.split(' ') as [string, string]
  const resource = key === '$default' ? '$default' : `${method === 'ANY' ? '*' : method}${path}`
  return `arn:${partition}:execute-api:${region}:${account}:${apiId}/$default/${resource}`
}
