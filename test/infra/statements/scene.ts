import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import type { FunctionName } from '../../../infra/functions.ts'
import type { AccessControl, Decision, Question } from '../../../infra/local/access.ts'
import { makeAccess } from '../../../infra/local/iam/access.ts'
import { type Plan, planResources } from '../../../infra/local/plan/plan.ts'
import { prepareAssembly } from '../../../infra/local/prepare.ts'
import { type Assembly, loadAssembly } from '../../../infra/local/template/load.ts'
import { reach } from '../../receiver/reach.ts'
import type { Reachable } from '../../receiver/support.ts'
import { startTestCloud, type TestCloud } from '../../support/cloud.ts'

export const account = '000000000000'

/** The embedded cloud with the real functions, whose policies and clock a test may change while it runs. */
export interface Scene {
  cloud: TestCloud
  receiver: Reachable
  clock: { now(): Date; advance(milliseconds: number): void }
  assembly: Assembly
  plan: Plan
  /** What the policies in force say. */
  decide(question: Question): Decision
  /** Refuses single requests while it is set, as a passing fault would. */
  fault: ((question: Question) => boolean) | undefined
  /** Told of everything that was allowed. */
  allowed: (question: Question) => void
  /** Milliseconds to wait for what must come. */
  patience: number
  /** Puts the policies of an altered template into force while `work` runs. */
  withTemplate(template: Assembly['template'], work: () => Promise<void>): Promise<void>
  /** ARN of the role that a function runs with. */
  roleOf(name: FunctionName): string
  /** Name of its log file. */
  logOf(name: FunctionName): string
  /** Of the account's administrator, by the cloud's clock. */
  s3(): S3Client
}

/**
 * One cloud serves all statements: what is altered is the policies that its access control is made of, by the same way that the template takes
 * when the cloud starts.
 */
export async function openScene(): Promise<Scene> {
  const directory = await prepareAssembly()
  const assembly = await loadAssembly(directory)
  let offset = 0
  const now = () => new Date(Date.now() + offset)
  let policies: AccessControl['authorize'] | undefined
  const decide = (question: Question): Decision => {
    if (scene.fault?.(question)) return { allowed: false, reason: 'a fault of the test' }
    const decision = policies!(question)
    if (decision.allowed) scene.allowed(question)
    return decision
  }
  // The cloud asks while it starts, too.
  const scene = { fault: undefined, allowed: () => {}, patience: 10_000, assembly, decide } as unknown as Scene
  const cloud = await startTestCloud({
    assembly: directory,
    now,
    judge: own => {
      policies = own.authorize
      return decide
    },
  })
  const place = {
    account,
    region: cloud.region,
    partition: 'aws',
    stackName: assembly.stackName,
    stackUuid: JSON.parse(await readFile(join(cloud.directory, 'cloud.json'), 'utf8')).stackUuid,
    url: cloud.url,
  }
  const plan = planResources(assembly, place)
  const functionCalled = (name: FunctionName) => {
    const found = plan.functions.find(({ logicalId }) => logicalId.startsWith(`${name.replace('-', '')}Function`))
    if (!found) throw new Error(`no function ${name}`)
    return found
  }
  return Object.assign(scene, {
    cloud,
    plan,
    receiver: await reach(cloud, now),
    clock: {
      now,
      advance: (milliseconds: number) => {
        offset += milliseconds
      },
    },
    async withTemplate(template: Assembly['template'], work: () => Promise<void>) {
      const own = policies
      policies = makeAccess(planResources({ ...assembly, template }, place), account, []).authorize
      try {
        await work()
      } finally {
        policies = own
      }
    },
    roleOf: (name: FunctionName) => functionCalled(name).properties.Role,
    logOf: (name: FunctionName) => `${functionCalled(name).logicalId}.log`,
    s3: () => {
      const client = new S3Client({
        endpoint: cloud.s3Url,
        region: cloud.region,
        credentials: { ...cloud.admin },
        forcePathStyle: true,
        maxAttempts: 1,
        requestChecksumCalculation: 'WHEN_REQUIRED',
      })
      client.config.systemClockOffset = offset
      return client
    },
  } satisfies Partial<Scene>)
}
