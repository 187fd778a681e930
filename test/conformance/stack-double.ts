import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { makeAccess } from '../../infra/local/iam/access.ts'
import { planResources } from '../../infra/local/plan/plan.ts'
import { prepareAssembly } from '../../infra/local/prepare.ts'
import { openState } from '../../infra/local/state.ts'
import { loadAssembly } from '../../infra/local/template/load.ts'
import type { TestCloud } from '../support/cloud.ts'

/**
 * As much of CloudFormation and IAM as the check of a stack asks, for the embedded cloud: the stack's outputs and roles, and what a role may do,
 * judged from the template as the embedded cloud itself judges it. Any other question is answered with an error.
 */
export async function startStackDouble(cloud: TestCloud): Promise<{ url: string; stackName: string; close(): void }> {
  const assembly = await loadAssembly(await prepareAssembly())
  const { stackName } = assembly
  const { stackUuid } = await openState(cloud.directory)
  const account = '000000000000'
  const place = { account, region: cloud.region, partition: 'aws', stackName, stackUuid, url: cloud.url }
  const plan = planResources(assembly, place)
  const access = makeAccess(plan, account, [])
  const outputs = { ReceiverUrl: cloud.url, VaultBucket: cloud.bucket, CatalogueTable: cloud.table }

  const answer = (asked: URLSearchParams): string | undefined => {
    switch (asked.get('Action')) {
      case 'DescribeStacks':
        if (asked.get('StackName') !== stackName) return undefined
        return `<Stacks><member><StackName>${stackName}</StackName>
          <StackId>arn:aws:cloudformation:${cloud.region}:${account}:stack/${stackName}/${stackUuid}</StackId>
          <CreationTime>2026-11-22T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>${Object.entries(
            outputs,
          )
            .map(([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`)
            .join('')}</Outputs></member></Stacks>`
      case 'ListStackResources':
        return `<StackResourceSummaries>${plan.roles
          .map(
            ({ logicalId, name }) =>
              `<member><ResourceType>AWS::IAM::Role</ResourceType><LogicalResourceId>${logicalId}</LogicalResourceId><PhysicalResourceId>${name}</PhysicalResourceId></member>`,
          )
          .join('')}</StackResourceSummaries>`
      case 'SimulatePrincipalPolicy': {
        const principal = asked.get('PolicySourceArn')!
        const results = listOf(asked, 'ActionNames').flatMap(action =>
          listOf(asked, 'ResourceArns').map(resource => {
            const { allowed } = access.authorize({ principal, action, resource, context: {} })
            return `<member><EvalActionName>${action}</EvalActionName><EvalResourceName>${resource}</EvalResourceName><EvalDecision>${allowed ? 'allowed' : 'implicitDeny'}</EvalDecision></member>`
          }),
        )
        return `<IsTruncated>false</IsTruncated><EvaluationResults>${results.join('')}</EvaluationResults>`
      }
      default:
        return undefined
    }
  }
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => {
      body += chunk
    })
    request.on('end', () => {
      const asked = new URLSearchParams(body)
      const result = answer(asked)
      const action = asked.get('Action')
      response.writeHead(result === undefined ? 400 : 200, { 'content-type': 'text/xml' })
      response.end(
        result === undefined
          ? '<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>it does not exist</Message></Error></ErrorResponse>'
          : `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`,
      )
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, stackName, close: () => server.close() }
}

function listOf(asked: URLSearchParams, name: string): string[] {
  return [...asked].filter(([key]) => key.startsWith(`${name}.member.`)).map(([, value]) => value)
}
