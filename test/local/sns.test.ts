import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PublishCommand, type PublishCommandInput, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AccessControl, Question } from '../../infra/local/access.ts'
import { Outbox } from '../../infra/local/sns/outbox.ts'
import { type Sns, startSns } from '../../infra/local/sns/server.ts'

const region = 'us-east-1'
const [plain, sealed] = ['plain', 'sealed'].map(name => `arn:aws:sns:${region}:000000000000:${name}`) as [
  string,
  string,
]
const keyArn = `arn:aws:kms:${region}:000000000000:key/k`
const credentials = { accessKeyId: 'AKIAPUBLISHER', secretAccessKey: 'not-a-secret-of-anybody' }

let directory: string
let sns: Sns
let outbox: Outbox
let clock = new Date('2026-11-22T10:00:00.000Z')
let denied: (question: Question) => boolean = () => false
const faults: unknown[] = []
const access: AccessControl = {
  credential: id =>
    id === credentials.accessKeyId
      ? { secretAccessKey: credentials.secretAccessKey, principal: 'publisher' }
      : undefined,
  authorize: question =>
    denied(question) ? { allowed: false, reason: `no ${question.action} on ${question.resource}` } : { allowed: true },
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'failsafe-sns-'))
  outbox = await Outbox.open(join(directory, 'outbox'))
  sns = await startSns({
    port: 0,
    topics: [
      { arn: plain, subscribers: ['a@example.net', 'b@example.net'] },
      { arn: sealed, keyArn, subscribers: [] },
    ],
    outbox,
    access,
    region,
    now: () => clock,
    report: error => faults.push(error),
  })
})
afterAll(async () => {
  await sns.close()
  await rm(directory, { recursive: true })
  expect(faults).toEqual([])
})

async function publish(input: Partial<PublishCommandInput> = {}, over: object = {}) {
  const client = new SNSClient({ endpoint: sns.url, region, credentials, maxAttempts: 1, ...over })
  client.config.systemClockOffset = clock.getTime() - Date.now()
  try {
    return await client.send(new PublishCommand({ TopicArn: plain, Message: 'hello', ...input }))
  } finally {
    client.destroy()
  }
}

describe('a message that is published', () => {
  test('lies in the outbox with what each subscriber is sent, also for another process', async () => {
    const { MessageId } = await publish({
      Subject: 'Backup of shop is late',
      MessageAttributes: { kind: { DataType: 'String', StringValue: 'run-late' } },
    })
    const text = 'hello'
    const message = {
      id: MessageId,
      topic: plain,
      publishedAt: '2026-11-22T10:00:00.000Z',
      publisher: 'publisher',
      subject: 'Backup of shop is late',
      message: 'hello',
      structure: 'text',
      attributes: { kind: 'run-late' },
      deliveries: [
        { protocol: 'email', endpoint: 'a@example.net', text },
        { protocol: 'email', endpoint: 'b@example.net', text },
      ],
    }
    expect(await outbox.messages()).toEqual([message])
    expect(await (await Outbox.open(outbox.directory)).messages()).toEqual([message])
  })

  test('in JSON gives each protocol its own text', async () => {
    const texts = { default: 'ünïcode & <more>', email: 'for people' }
    await publish({ Message: JSON.stringify(texts), MessageStructure: 'json' })
    const { default: _, ...fallback } = { ...texts, default: '' }
    const { message, deliveries } = (await outbox.messages()).at(-1)!
    expect(JSON.parse(message)).toEqual(texts)
    expect(deliveries[0]!.text).toBe(fallback.email)
    await publish({ Message: JSON.stringify({ default: texts.default }), MessageStructure: 'json' })
    expect((await outbox.messages()).at(-1)!.deliveries[1]!.text).toBe(texts.default)
  })

  test('comes after those before it, also within one millisecond, and one that is half written is none', async () => {
    const before = (await outbox.messages()).length
    for (let n = 0; n < 20; n++) await publish({ Message: String(n) })
    await writeFile(join(outbox.directory, 'ZZZ.json.123'), '{')
    const messages = (await outbox.messages()).slice(before).map(({ message }) => message)
    expect(messages).toEqual(Array.from({ length: 20 }, (_, n) => String(n)))
    await rm(join(outbox.directory, 'ZZZ.json.123'))
  })
})

describe('is refused and leaves nothing', () => {
  const refused = async (work: () => Promise<unknown>, name: string, text: RegExp) => {
    const before = await readdir(outbox.directory)
    await expect(work()).rejects.toMatchObject({ name, message: expect.stringMatching(text) })
    expect(await readdir(outbox.directory)).toEqual(before)
  }

  test.each([
    ['no such topic', { TopicArn: `${plain}2` }, 'NotFoundException', /does not exist/],
    ['an empty message', { Message: '' }, 'InvalidParameterException', /Empty message/],
    ['too long a message', { Message: 'x'.repeat(256 * 1024 + 1) }, 'InvalidParameterException', /too long/],
    ['a subject of two lines', { Subject: 'a\nb' }, 'InvalidParameterException', /Subject/],
    ['a subject beyond ASCII', { Subject: 'Gärten' }, 'InvalidParameterException', /Subject/],
    ['too long a subject', { Subject: 'x'.repeat(101) }, 'InvalidParameterException', /Subject/],
    ['another structure', { MessageStructure: 'xml' }, 'InvalidParameterException', /Structure/],
    ['JSON that is none', { MessageStructure: 'json' }, 'InvalidParameterException', /failed to parse/],
    ['JSON without a default', { MessageStructure: 'json', Message: '{}' }, 'InvalidParameterException', /No default/],
    ['what is not known here', { MessageGroupId: 'g' }, 'InvalidParameterException', /MessageGroupId/],
  ])('%s', async (_, input, name, text) => {
    await refused(() => publish(input), name, text)
  })

  test('by the policies: the topic, and the key that it is encrypted under', async () => {
    try {
      denied = ({ action, resource }) => action === 'sns:Publish' && resource === plain
      await refused(() => publish(), 'AuthorizationErrorException', /no sns:Publish on .*:plain/)
      for (const missing of ['kms:GenerateDataKey', 'kms:Decrypt']) {
        denied = ({ action, resource }) => action === missing && resource === keyArn
        await refused(() => publish({ TopicArn: sealed }), 'KMSAccessDeniedException', new RegExp(`no ${missing}`))
      }
      denied = ({ context }) => context['aws:securetransport']?.[0] !== 'true'
      await publish({ TopicArn: sealed })
    } finally {
      denied = () => false
    }
  })

  test('a signature that is wrong, foreign, old or missing', async () => {
    const wrong = { credentials: { ...credentials, secretAccessKey: 'guessed' } }
    await refused(() => publish({}, wrong), 'SignatureDoesNotMatch', /does not match/)
    const foreign = { credentials: { ...credentials, accessKeyId: 'AKIASOMEBODY' } }
    await refused(() => publish({}, foreign), 'InvalidClientTokenId', /does not exist/)
    const signed = clock
    const late = () => {
      const sent = publish()
      clock = new Date(clock.getTime() + 16 * 60_000)
      return sent
    }
    await refused(late, 'RequestExpired', /too large/)
    clock = signed
    const plainly = await fetch(sns.url, { method: 'POST', body: 'Action=Publish&Version=2010-03-31' })
    expect(plainly.status).toBe(403)
    expect(await plainly.text()).toContain('<Code>MissingAuthenticationToken</Code>')
  })

  test('any other action', async () => {
    const client = new SNSClient({ endpoint: sns.url, region, credentials, maxAttempts: 1 })
    client.config.systemClockOffset = clock.getTime() - Date.now()
    const subscribe = () =>
      client.send(new SubscribeCommand({ TopicArn: plain, Protocol: 'email', Endpoint: 'x@example.net' }))
    await refused(subscribe, 'InvalidAction', /Subscribe is not implemented/)
    client.destroy()
  })
})
