import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { DeleteCommand, DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { FunctionName } from '../../../infra/functions.ts'
import { administrator } from '../../../infra/local/iam/access.ts'
import { type SnapshotId, ulidOf } from '../../../shared/ids.ts'
import {
  backUp,
  commit,
  enrolAgent,
  fullEntry,
  open,
  registerSource,
  stage,
  type TestAgent,
  upload,
} from '../../receiver/agent.ts'
import { ok, requestOf } from '../../receiver/support.ts'
import { account, type Scene } from './scene.ts'

/** Throws where the receiver does not do what it is for. Every one can be run again and again in one cloud. */
type Scenario = (scene: Scene) => Promise<void>

const [minute, hour] = [60_000, 3_600_000]

function must(holds: unknown, what: string): asserts holds {
  if (!holds) throw new Error(`expected ${what}`)
}

const entry = (scene: Scene) => fullEntry('a', 10, scene.clock.now().toISOString())

async function newSource(scene: Scene): Promise<{ agent: TestAgent; source: string }> {
  const agent = await enrolAgent(scene.receiver)
  return { agent, source: await registerSource(agent) }
}

async function committed(scene: Scene) {
  const { agent, source } = await newSource(scene)
  return { agent, source, snapshot: await backUp(agent, source, 'full', [entry(scene)]) }
}

/** The calls of a console that was just opened. */
async function consoleOf({ receiver }: Scene) {
  const { url } = ok(await receiver.admin('POST', '/v1/admin/consoles', {}))
  const authorization = `Bearer ${url.split('#')[1]}`
  return (method: string, target: string, body?: unknown) =>
    receiver.send(requestOf(method, `/v1/console${target}`, body, { authorization }))
}

async function withS3<T>(scene: Scene, work: (s3: S3Client, Bucket: string) => Promise<T>): Promise<T> {
  const s3 = scene.s3()
  try {
    return await work(s3, scene.cloud.bucket)
  } finally {
    s3.destroy()
  }
}

/** Somebody of the account does what the policy of the vault forbids to everybody. */
async function refused(work: Promise<unknown>): Promise<void> {
  const name = await work.then(
    () => 'nothing',
    (error: Error) => error.name,
  )
  must(name === 'AccessDenied', `AccessDenied, and met ${name}`)
}

export const scenarios = {
  'an agent enrols and registers a source': async scene => {
    await newSource(scene)
  },

  'a snapshot is uploaded': async scene => {
    const { agent, source } = await newSource(scene)
    await upload(agent, await stage(agent, await open(agent, source), [entry(scene)]))
  },

  'an agent asks what the receiver has of it': async scene => {
    const { agent, source } = await newSource(scene)
    const staged = await stage(agent, await open(agent, source), [entry(scene)])
    await upload(agent, staged)
    const { sources } = ok(await agent.call('GET', '/v1/sources'))
    must(sources.length === 1, 'its source')
    const path = `/v1/snapshots/${staged.snapshot}/packs/1/parts?lease=${staged.lease}`
    const { parts } = ok(await agent.call('GET', path))
    must(parts.length === 1, 'its part')
  },

  'a pack whose completion nobody recorded is found': async scene => {
    const { agent, source } = await newSource(scene)
    const staged = await stage(agent, await open(agent, source), [entry(scene)])
    await upload(agent, staged)
    const seen: string[] = []
    scene.fault = ({ action, principal }) => {
      if (principal !== scene.roleOf('committer')) return false
      const lost = seen.at(-1) === 's3:PutObject' && /^dynamodb:(Put|Update)Item$/.test(action)
      seen.push(action)
      return lost
    }
    try {
      const { status } = await commit(agent, staged)
      must(status >= 500, `the commit to break off, and it ended with ${status}`)
    } finally {
      scene.fault = undefined
    }
    const { receivedAt } = ok(await commit(agent, staged))
    must(receivedAt, 'it to be committed')
  },

  'the provider lists the links of a tenant': async scene => {
    const { agent, source } = await committed(scene)
    ok(await agent.call('POST', '/v1/links', { source, expiresSeconds: 600 }))
    const { links } = ok(await scene.receiver.admin('GET', `/v1/admin/links?tenant=${agent.tenant}`))
    must(links.length === 1, 'the link')
  },

  'a snapshot that is past its retention goes, and the one after it stays': async scene => {
    const { agent, source, snapshot: old } = await committed(scene)
    scene.clock.advance(25 * hour)
    const newer = await backUp(agent, source, 'full', [entry(scene)])
    for (const days of [40, 10]) {
      scene.clock.advance(days * 24 * hour)
      await scene.cloud.fire('janitor')
    }
    const { Versions = [] } = await withS3(scene, (s3, Bucket) =>
      s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: `packs/${agent.tenant}/` })),
    )
    const keys = Versions.map(({ Key }) => Key!)
    must(
      keys.some(key => key.includes(ulidOf(newer.snapshot as SnapshotId))),
      'the newer pack',
    )
    must(!keys.some(key => key.includes(ulidOf(old.snapshot as SnapshotId))), 'no older pack')
  },

  'a snapshot is committed': async scene => {
    const { snapshot } = await committed(scene)
    must(snapshot.receivedAt, 'it to be committed')
  },

  'a committed snapshot is restored': async scene => {
    const { agent, source, snapshot } = await committed(scene)
    const plan = { source, snapshot: snapshot.snapshot }
    const { id } = ok(await agent.call('POST', '/v1/restore-manifests', plan))
    const packs = [{ snapshot: snapshot.snapshot, pack: 1 }]
    const { urls } = ok(await agent.call('POST', `/v1/restore-manifests/${id}/urls`, { packs }))
    const got = Buffer.from(await (await fetch(urls[0].url)).arrayBuffer())
    must(got.equals(Buffer.concat(snapshot.parts)), 'the bytes that were backed up')
  },

  'an abandoned upload is taken away': async scene => {
    const { agent, source } = await newSource(scene)
    const staged = await stage(agent, await open(agent, source), [entry(scene)])
    await upload(agent, staged)
    ok(await agent.call('DELETE', `/v1/snapshots/${staged.snapshot}?lease=${staged.lease}`))
    scene.clock.advance(30 * minute)
    await scene.cloud.fire('janitor')
    const { Uploads = [] } = await withS3(scene, (s3, Bucket) => s3.send(new ListMultipartUploadsCommand({ Bucket })))
    must(!Uploads.some(({ Key }) => Key?.includes(source)), 'no upload of it')
  },

  'a commit that its agent left is finished': async scene => {
    const { agent, source } = await newSource(scene)
    const staged = await stage(agent, await open(agent, source), [entry(scene)])
    await upload(agent, staged)
    scene.fault = ({ action, principal }) => action === 's3:PutObject' && principal === scene.roleOf('committer')
    try {
      const { status } = await commit(agent, staged)
      must(status >= 500, `the commit to break off, and it ended with ${status}`)
    } finally {
      scene.fault = undefined
    }
    scene.clock.advance(hour)
    await scene.cloud.fire('janitor')
    const heads = ok(await agent.call('GET', `/v1/sources/${source}/heads`))
    must(JSON.stringify(heads).includes(staged.snapshot), 'it to be the head of its lane')
  },

  'what a source stores is measured': async scene => {
    const { agent } = await committed(scene)
    scene.clock.advance(25 * hour)
    await scene.cloud.fire('janitor')
    const { rows } = ok(await scene.receiver.admin('GET', `/v1/admin/usage?tenant=${agent.tenant}`))
    must(rows[0]?.storedBytes > 2000, `bytes that are stored in ${JSON.stringify(rows)}`)
  },

  'a catalogue that lost a snapshot is rebuilt': async scene => {
    const { source, snapshot } = await committed(scene)
    const { cloud } = scene
    const client = new DynamoDBClient({
      endpoint: cloud.dynamodbUrl,
      region: cloud.region,
      credentials: { ...cloud.admin },
    })
    client.config.systemClockOffset = scene.clock.now().getTime() - Date.now()
    const documents = DynamoDBDocumentClient.from(client)
    try {
      for (const pk of [`S#${source}`, `N#${snapshot.snapshot}`]) {
        const { Items = [] } = await documents.send(
          new QueryCommand({
            TableName: cloud.table,
            KeyConditionExpression: 'PK = :pk',
            ExpressionAttributeValues: { ':pk': pk },
          }),
        )
        for (const { PK, SK } of Items)
          await documents.send(new DeleteCommand({ TableName: cloud.table, Key: { PK, SK } }))
      }
    } finally {
      client.destroy()
    }
    let restored = 0
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const answer = await scene.receiver.admin(
        'POST',
        '/v1/admin/catalogue/rebuild',
        cursor === undefined ? {} : { cursor },
      )
      const page = ok(answer)
      restored += page.restored
      cursor = page.cursor
    }
    must(restored > 0, 'the snapshot to be put back')
  },

  'a notice reaches the topic': async scene => {
    const { agent } = await newSource(scene)
    ok(await scene.receiver.admin('POST', `/v1/admin/agents/${agent.id}/revoke`, {}))
    scene.clock.advance(5 * minute)
    await scene.cloud.fire('watchdog')
    const published = (await scene.cloud.outbox()).filter(({ attributes }) => attributes.tenant === agent.tenant)
    must(published.length > 0, `a message about ${agent.tenant}`)
  },

  'a link is made and ended on the page of the provider': async scene => {
    const { agent, source } = await newSource(scene)
    const call = await consoleOf(scene)
    const { name } = ok(await call('POST', '/links', { tenant: agent.tenant, source, expiresSeconds: 60 }))
    must(ok(await call('GET', `/links?tenant=${agent.tenant}`)).links.length === 1, 'the link to be listed')
    ok(await call('DELETE', `/links/${agent.tenant}/${name}`))
  },

  'agent-api prints into its log': prints('agent-api', async ({ receiver }) => {
    ok(await receiver.send(requestOf('GET', '/v1/receiver')))
  }),
  'committer prints into its log': prints('committer', async ({ receiver }) => {
    await receiver.send(requestOf('POST', '/v1/snapshots/x/commit', {}))
  }),
  'restore-api prints into its log': prints('restore-api', async ({ receiver }) => {
    ok(await receiver.send(requestOf('GET', '/r')))
  }),
  'console-api prints into its log': prints('console-api', async ({ receiver }) => {
    await receiver.send(requestOf('GET', '/v1/console'))
  }),
  'admin-api prints into its log': prints('admin-api', async ({ receiver }) => {
    ok(await receiver.admin('GET', '/v1/admin/tenants'))
  }),
  'janitor prints into its log': prints('janitor', async ({ cloud }) => {
    await cloud.fire('janitor')
  }),
  'watchdog prints into its log': prints('watchdog', async ({ cloud }) => {
    await cloud.fire('watchdog')
  }),

  'a plain connection to the vault is refused': async scene => {
    question(scene, 's3:GetObject', 'packs/x', { 'aws:securetransport': ['false'] })
  },
  'TLS older than 1.2 to the vault is refused': async scene => {
    question(scene, 's3:GetObject', 'packs/x', { 'aws:securetransport': ['true'], 's3:tlsversion': ['1.1'] })
  },
  'a URL ends with its signature, whatever it says of itself': async scene => {
    const url = await withS3(scene, (s3, Bucket) =>
      getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: 'other/late' }), {
        expiresIn: 7200,
        signingDate: scene.clock.now(),
      }),
    )
    must((await fetch(url, { method: 'PUT', body: 'x' })).ok, 'a fresh one to work')
    scene.clock.advance(17 * minute)
    const { status } = await fetch(url, { method: 'PUT', body: 'x' })
    must(status === 403, `403 for an old one, and met ${status}`)
  },
  'no object of a snapshot is written twice': async scene => {
    const Key = `packs/t/s/x/${scene.clock.now().getTime()}.pack`
    await withS3(scene, async (s3, Bucket) => {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'first', IfNoneMatch: '*' }))
      await refused(s3.send(new PutObjectCommand({ Bucket, Key, Body: 'second' })))
    })
  },
  'nobody lifts a governance lock': async scene => {
    const Key = `packs/t/s/x/${scene.clock.now().getTime()}.pack`
    await withS3(scene, async (s3, Bucket) => {
      const put = new PutObjectCommand({
        Bucket,
        Key,
        Body: 'kept',
        IfNoneMatch: '*',
        ChecksumAlgorithm: 'SHA256',
        ObjectLockMode: 'GOVERNANCE',
        ObjectLockRetainUntilDate: new Date(scene.clock.now().getTime() + 24 * hour),
      })
      const { VersionId } = await s3.send(put)
      await refused(s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention: true })))
      await s3.send(new HeadObjectCommand({ Bucket, Key, VersionId }))
    })
  },
  'nobody hides an object behind a delete marker': async scene => {
    const Key = `packs/t/s/x/${scene.clock.now().getTime()}.pack`
    await withS3(scene, async (s3, Bucket) => {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'kept', IfNoneMatch: '*' }))
      await refused(s3.send(new DeleteObjectCommand({ Bucket, Key })))
    })
  },
  'a plain connection to the topic is refused': async scene => {
    const { allowed } = scene.decide({
      principal: scene.roleOf('watchdog'),
      action: 'sns:Publish',
      resource: scene.plan.topics[0]!.name,
      context: { 'aws:securetransport': ['false'] },
    })
    must(!allowed, 'it to be refused')
  },
  'an alarm is published': async scene => {
    const { allowed } = scene.decide({
      principal: 'cloudwatch.amazonaws.com',
      action: 'sns:Publish',
      resource: scene.plan.topics[0]!.name,
      context: {
        'aws:securetransport': ['true'],
        'aws:sourceaccount': [account],
        'aws:sourcearn': [`arn:aws:cloudwatch:${scene.cloud.region}:${account}:alarm:errors`],
      },
    })
    must(allowed, 'it to be allowed')
  },
} satisfies Record<string, Scenario>

export type ScenarioName = keyof typeof scenarios

/** Asked as the account's administrator, who may do everything that the vault does not forbid. The stand-in itself has no TLS to speak of. */
function question(scene: Scene, action: string, key: string, context: Record<string, string[]>): void {
  const resource = `arn:aws:s3:::${scene.cloud.bucket}/${key}`
  const principal = `arn:aws:iam::${account}:user/${administrator}`
  const { allowed } = scene.decide({ principal, action, resource, context })
  must(!allowed, 'it to be refused')
}

/** The function answers in any case; what it prints is lost when it may not write to its log. */
function prints(name: FunctionName, work: Scenario): Scenario {
  return async scene => {
    const file = join(scene.cloud.logs, scene.logOf(name))
    const before = (await readFile(file)).length
    await work(scene)
    for (let waited = 0; (await readFile(file)).length === before; waited += 20) {
      must(waited < scene.patience, `${name} to print`)
      await sleep(20)
    }
  }
}
