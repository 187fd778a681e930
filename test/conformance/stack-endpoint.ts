import { defaultProvider } from '@aws-sdk/credential-provider-node'
import { AdminReceiver } from '../../admin/receiver.ts'
import { type DeployedStack, readStack } from '../../scripts/conformance/read-stack.ts'
import { startTestCloud } from '../support/cloud.ts'
import { startStackDouble } from './stack-double.ts'

export interface StackUnderTest extends DeployedStack {
  admin: AdminReceiver
  /** A lock that a test makes must outlast its own few calls, and no more. */
  lockSeconds: number
  /** Told to whoever ran it. */
  leftBehind: string[]
  close(): Promise<void>
}

/**
 * The stack under test: the one that CONFORMANCE_STACK names, with credentials and region as the AWS SDK finds them; otherwise the embedded
 * cloud, reached through the very same variables of the environment.
 */
export async function openStack(): Promise<StackUnderTest> {
  const named = process.env.CONFORMANCE_STACK
  const local = named === undefined ? await startLocally() : undefined
  const stack = await readStack(named ?? local!.stackName)
  const { url, region } = stack
  return {
    ...stack,
    admin: new AdminReceiver({ url, region, credentials: defaultProvider() }),
    lockSeconds: isLocal(url) ? 3 : 20,
    leftBehind: [],
    close: async () => local?.close(),
  }
}

export function isLocal(url: string): boolean {
  return new URL(url).hostname === '127.0.0.1'
}

/** What a shell would have to set so that the AWS SDK talks to an embedded cloud. */
export function environmentOf(
  cloud: Awaited<ReturnType<typeof startTestCloud>>,
  double: string,
): Record<string, string> {
  return {
    AWS_REGION: cloud.region,
    AWS_ACCESS_KEY_ID: cloud.admin.accessKeyId,
    AWS_SECRET_ACCESS_KEY: cloud.admin.secretAccessKey,
    AWS_ENDPOINT_URL_S3: cloud.s3Url,
    AWS_ENDPOINT_URL_DYNAMODB: cloud.dynamodbUrl,
    AWS_ENDPOINT_URL_CLOUDFORMATION: double,
    AWS_ENDPOINT_URL_IAM: double,
  }
}

async function startLocally(): Promise<{ stackName: string; close(): Promise<void> }> {
  const cloud = await startTestCloud()
  const double = await startStackDouble(cloud)
  const before = { ...process.env }
  Object.assign(process.env, environmentOf(cloud, double.url))
  return {
    stackName: double.stackName,
    async close() {
      process.env = before
      double.close()
      await cloud.close()
    },
  }
}
