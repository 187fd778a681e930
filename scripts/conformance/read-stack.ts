import { CloudFormationClient, DescribeStacksCommand, paginateListStackResources } from '@aws-sdk/client-cloudformation'
import { Failure } from '../../shared/failure.ts'

/** A receiver as CloudFormation knows it. */
export interface DeployedStack {
  name: string
  partition: string
  region: string
  account: string
  url: string
  bucket: string
  table: string
  /** ARN of the role of each function, by the function's name without hyphens. */
  roles: Map<string, string>
}

/** Credentials and region are the AWS SDK's. @throws Failure `stack-unknown` or `stack-strange` */
export async function readStack(name: string): Promise<DeployedStack> {
  const client = new CloudFormationClient()
  try {
    const stack = await find(client, name)
    const [, partition, , region, account] = (stack.StackId ?? '').split(':')
    const output = (key: string) => {
      const value = stack.Outputs?.find(({ OutputKey }) => OutputKey === key)?.OutputValue
      if (value !== undefined) return value
      throw new Failure('stack-strange', `The stack ${name} is not a receiver`, { why: `it has no output ${key}` })
    }
    const place = { partition: partition!, region: region!, account: account! }
    const outputs = { url: output('ReceiverUrl'), bucket: output('VaultBucket'), table: output('CatalogueTable') }
    const roles = new Map<string, string>()
    for await (const page of paginateListStackResources({ client }, { StackName: name }))
      for (const { ResourceType, LogicalResourceId = '', PhysicalResourceId } of page.StackResourceSummaries ?? []) {
        const [, ofFunction] = /^([a-z]+)Role[0-9A-F]{8}$/.exec(LogicalResourceId) ?? []
        if (ResourceType === 'AWS::IAM::Role' && ofFunction !== undefined)
          roles.set(ofFunction, `arn:${partition}:iam::${account}:role/${PhysicalResourceId}`)
      }
    return { name, ...place, ...outputs, roles }
  } finally {
    client.destroy()
  }
}

async function find(client: CloudFormationClient, name: string) {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }))
    return Stacks[0]!
  } catch (cause) {
    throw new Failure('stack-unknown', `The stack ${name} cannot be described`, {
      why: cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause),
      fix: 'Check the name, AWS_REGION and the AWS credentials (cloudformation:DescribeStacks)',
      cause,
    })
  }
}
