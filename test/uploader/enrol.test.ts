import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isCertified } from '../../shared/certificate.ts'
import { newSigningKey, publicKeyOf } from '../../shared/jws.ts'
import { newKit, parseKit } from '../../shared/kit.ts'
import { AgentState } from '../../uploader/state/agent.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from './directory.ts'
import { runHere } from './terminal.ts'

const admin = join(import.meta.dirname, '../../admin/main.ts')
const later = { now: () => new Date() }
let cloud: TestCloud

beforeAll(async () => {
  cloud = await startTestCloud()
  expect((await provider('tenant', 'create', 'acme', '--name', 'Acme Ltd', '--minimum-days', '7')).code).toBe(0)
})
afterAll(() => cloud?.close())

const provider = (...args: string[]) => run(process.execPath, [admin, ...args, '--local', cloud.directory])
const newToken = async () => (await provider('enrol-token', 'acme')).stdout.trim()

async function newHost() {
  const directory = await temporaryDirectory()
  const config = directory.in('failsafe.yaml')
  const state = directory.in('state')
  await writeFile(config, `state: { dir: ${state} }`, { mode: 0o600 })
  return {
    kit: directory.in('recovery-kit.txt'),
    state,
    directory,
    agent: async () => AgentState.parse(JSON.parse(await readFile(join(state, 'agent.json'), 'utf8'))),
    failsafe: (args: string[], options: Parameters<typeof runHere>[1] = {}) =>
      runHere([...args, '--config', config], { ...later, ...options }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

describe('the provider', () => {
  test('sees the tenants that were made, for people and for programs', async () => {
    expect((await provider('tenant', 'list')).stdout).toMatch(/acme +active +7 +\S+ +Acme Ltd/)
    const shown = JSON.parse((await provider('tenant', 'show', 'acme', '--json')).stdout)
    expect(shown).toMatchObject({ tenant: 'acme', name: 'Acme Ltd', minimumDays: 7, state: 'active' })
  })

  test('gets a token alone on stdout, to be passed on', async () => {
    const { stdout, stderr } = await provider('enrol-token', 'acme', '--expires', '1h')
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+#[^\s.]+\.[\w-]{20,}\n$/)
    expect(stderr).toContain('failsafe enrol')
  })

  test.each([
    ['a tenant that is not there', ['tenant', 'show', 'nobody'], 1, /nobody/],
    ['a tenant that exists already', ['tenant', 'create', 'acme'], 1, /taken|acme/],
    ['an id that is none', ['tenant', 'create', 'ACME!'], 1, /tenant/],
    ['a link for a source that is not there', ['link', 'acme/nothing'], 1, /nothing|no such/],
    ['a place that is no source', ['link', 'acme'], 2, /acme\/shop/],
    ['a time that is none', ['enrol-token', 'acme', '--expires', 'soon'], 2, /10m/],
    ['an unknown verb', ['tenants'], 2, /tenants/],
  ])('is told about %s', async (_what, args, code, words) => {
    const finished = await provider(...args)
    expect(finished.code, finished.stderr).toBe(code)
    expect(finished.stderr).toMatch(words)
    expect(finished.stderr).not.toMatch(/^\s+at /m)
  })

  test('is refused with credentials that are not his', async () => {
    await using directory = await temporaryDirectory()
    const known = JSON.parse(await readFile(join(cloud.directory, 'admin.json'), 'utf8'))
    await writeFile(directory.in('admin.json'), JSON.stringify({ ...known, secretAccessKey: 'x'.repeat(40) }))
    const finished = await run(process.execPath, [admin, 'tenant', 'list', '--local', directory.path])
    expect(finished.code).toBe(5)
    expect(finished.stderr).toContain('credentials')
  })

  test('may use the AWS credentials of the environment', async () => {
    const { url, region, accessKeyId, secretAccessKey } = JSON.parse(
      await readFile(join(cloud.directory, 'admin.json'), 'utf8'),
    )
    const env = {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: region,
      FAILSAFE_RECEIVER: url,
    }
    const finished = await run(process.execPath, [admin, 'sources', '--tenant', 'acme', '--json'], { env })
    expect(finished.code, finished.stderr).toBe(0)
    expect(JSON.parse(finished.stdout)).toEqual({ sources: [] })
  })

  test('is asked which receiver is meant when nothing says it', async () => {
    await using directory = await temporaryDirectory()
    const finished = await run(process.execPath, [admin, 'sources'], {
      cwd: directory.path,
      env: { FAILSAFE_RECEIVER: undefined },
    })
    expect(finished.code).toBe(2)
    expect(finished.stderr).toContain('--url')
  })

  test('asks nobody over a line that others can read', async () => {
    const finished = await run(process.execPath, [admin, 'sources', '--url', 'http://receiver.invalid'], {
      env: { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
    })
    expect(finished.stderr).toContain('it must begin with https://')
    expect(finished.code).toBe(2)
  })
})

describe('a host', () => {
  test('that enrols with a new kit gets an agent that the kit certified, and keeps none of its secrets', async () => {
    await using host = await newHost()
    const { code, stdout } = await host.failsafe([
      'enrol',
      await newToken(),
      '--recovery-kit',
      host.kit,
      '--name',
      'db 1',
    ])
    expect(code, stdout).toBe(0)
    const [agent, kit] = [await host.agent(), await parseKit(await readFile(host.kit, 'utf8'))]
    expect(agent).toMatchObject({ tenant: 'acme', name: 'db 1', recipients: [kit.recipient] })
    expect(await isCertified(agent.certificate!, publicKeyOf(agent.key), publicKeyOf(kit.customerKey))).toBe(true)
    for (const name of await readdir(host.state, { recursive: true })) {
      const text = await readFile(join(host.state, name), 'utf8')
      for (const secret of [kit.identity, kit.customerKey.d]) expect(text).not.toContain(secret)
    }
    expect((await stat(join(host.state, 'agent.json'))).mode & 0o777).toBe(0o600)
    expect((await stat(host.state)).mode & 0o777).toBe(0o700)
    expect((await stat(host.kit)).mode & 0o777).toBe(0o600)
    expect(stdout).toContain('Move the kit off this host')
  })

  test('can ask the receiver at once, by its proof', async () => {
    await using host = await newHost()
    await host.failsafe(['enrol', await newToken(), '--recovery-kit', host.kit])
    const { code, stdout } = await host.failsafe(['list', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ type: 'summary', snapshots: [] })
    expect((await host.failsafe(['link', 'shop'])).code).toBe(2)
    expect((await host.failsafe(['verify', 'shop'])).stderr).toContain('nothing has been backed up yet')
  })

  test('can take its token from stdin, a file or a variable', async () => {
    for (const way of ['stdin', 'file', 'variable']) {
      await using host = await newHost()
      const token = await newToken()
      const file = host.directory.in('token')
      await writeFile(file, `${token}\n`)
      const argument = way === 'stdin' ? ['-'] : way === 'file' ? [file] : []
      const { code, stderr } = await host.failsafe(['enrol', ...argument, '--recovery-kit', host.kit], {
        input: `${token}\n`,
        env: way === 'variable' ? { FAILSAFE_ENROL_TOKEN: token } : {},
      })
      expect(code, `${way}: ${stderr}`).toBe(0)
    }
  })

  test('that shares a kit with another seals to the same recipient', async () => {
    await using first = await newHost()
    await using second = await newHost()
    await first.failsafe(['enrol', await newToken(), '--recovery-kit', first.kit])
    const kit = await readFile(first.kit, 'utf8')
    expect((await second.failsafe(['enrol', await newToken(), '--recovery-kit', first.kit])).code).toBe(0)
    expect((await second.agent()).recipients).toEqual((await first.agent()).recipients)
    expect(await readFile(first.kit, 'utf8')).toBe(kit)
  })

  test('that is given a recipient alone is not certified, and says its fingerprint', async () => {
    await using host = await newHost()
    const { recipient } = await newKit({ receiver: 'https://r.example.net', tenant: null, now: new Date() })
    const { stdout } = await host.failsafe(['enrol', await newToken(), '--recipient', recipient, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      certified: false,
      recipients: [recipient],
      kit: null,
      fingerprint: expect.stringMatching(/^[\w-]{43}$/),
    })
    expect(await host.agent()).toMatchObject({ customerKey: null, certificate: null })
  })

  test('that is enrolled already stays as it is', async () => {
    await using host = await newHost()
    await host.failsafe(['enrol', await newToken(), '--recovery-kit', host.kit])
    const before = await host.agent()
    const { code, stderr } = await host.failsafe(['enrol', await newToken(), '--recovery-kit', host.kit])
    expect(code).toBe(2)
    expect(stderr).toContain('already enrolled')
    expect(await host.agent()).toEqual(before)
  })
})

test('a host that dies between the answer and its own state enrols again with the same token, as the same agent', async () => {
  await using host = await newHost()
  const token = await newToken()
  // What is on disk at that moment: the kit and the key, but no agent.
  await mkdir(host.state, { mode: 0o700 })
  const key = await newSigningKey()
  const keep = () => writeFile(join(host.state, 'enrolment-key.json'), JSON.stringify(key), { mode: 0o600 })
  await keep()
  expect((await host.failsafe(['enrol', token, '--recovery-kit', host.kit])).code).toBe(0)
  const before = await host.agent()
  await rm(join(host.state, 'agent.json'))
  await keep()
  const again = await host.failsafe(['enrol', token, '--recovery-kit', host.kit])
  expect(again.code, again.stderr).toBe(0)
  expect((await host.agent()).agent).toBe(before.agent)
  expect(await readdir(host.state)).toEqual(['agent.json'])
})

describe('a host that is lost', () => {
  test('is replaced by another, which has its place; the provider sees both', async () => {
    await using lost = await newHost()
    await lost.failsafe(['enrol', await newToken(), '--recovery-kit', lost.kit, '--name', 'lost'])
    const { agent: old } = await lost.agent()
    expect((await lost.failsafe(['rotate-key'])).code).toBe(0)
    expect((await lost.failsafe(['kit', 'certify', '--own', '--identity', lost.kit])).code).toBe(0)

    await using rebuilt = await newHost()
    const token = await provider('enrol-token', 'acme', '--replaces', old)
    expect(token.stderr).toContain(`${old} is revoked at the moment`)
    const args = ['enrol', token.stdout.trim(), '--recovery-kit', lost.kit, '--name', 'rebuilt']
    expect((await rebuilt.failsafe(args)).code).toBe(0)
    const { agent } = await rebuilt.agent()
    expect(await lost.failsafe(['list'])).toMatchObject({ code: 5, stderr: expect.stringContaining(agent) })
    expect((await rebuilt.failsafe(['list'])).code).toBe(0)

    const twice = await provider('enrol-token', 'acme', '--replaces', old)
    expect(twice.code).toBe(1)
    expect(twice.stderr).toContain(agent)
    const { stdout } = await provider('agent', 'list', 'acme', '--json')
    const agents = JSON.parse(stdout).agents as { agent: string }[]
    expect(agents.find(each => each.agent === old)).toMatchObject({
      state: 'revoked',
      replacedBy: agent,
      certified: true,
    })
    expect((await provider('agent', 'list', 'acme')).stdout).toMatch(/rebuilt +active/)

    const revoked = await provider('agent', 'revoke', agent, '--reason', 'sold')
    expect(revoked.stdout).toContain(`--replaces ${agent}`)
    expect((await rebuilt.failsafe(['list'])).code).toBe(5)
  })

  test('and all others are kept out while their customer is suspended', async () => {
    expect((await provider('tenant', 'create', 'late')).code).toBe(0)
    await using host = await newHost()
    const token = (await provider('enrol-token', 'late')).stdout.trim()
    expect((await host.failsafe(['enrol', token, '--recovery-kit', host.kit])).code).toBe(0)
    expect((await provider('tenant', 'suspend', 'late', '--reason', 'invoice 118')).stdout).toContain('is suspended')
    expect((await host.failsafe(['list'])).code).toBe(5)
    expect((await provider('tenant', 'show', 'late')).stdout).toMatch(/suspended since \S+: invoice 118/)
    expect((await provider('tenant', 'resume', 'late')).stdout).toContain('is active')
    expect((await host.failsafe(['list'])).code).toBe(0)
  })
})

describe('an enrolment that fails leaves nothing behind:', () => {
  async function expectNothing(
    args: (host: Awaited<ReturnType<typeof newHost>>) => Promise<string[]> | string[],
    code: number,
    words: RegExp,
  ) {
    await using host = await newHost()
    const finished = await host.failsafe(['enrol', ...(await args(host))])
    expect(finished.code, finished.stderr).toBe(code)
    expect(finished.stderr).toMatch(words)
    expect(finished.stderr).not.toContain('s3cr3t')
    const left = await readdir(host.directory.path, { recursive: true })
    expect(left.filter(name => !['failsafe.yaml', 'state'].includes(name))).toEqual([])
  }

  test('with an unknown token', () =>
    expectNothing(async host => [`${(await newToken()).slice(0, -8)}s3cr3t-x`, '--recovery-kit', host.kit], 5, /token/))

  test('with a token that was used', () =>
    expectNothing(
      async host => {
        await using other = await newHost()
        const token = await newToken()
        await other.failsafe(['enrol', token, '--recovery-kit', other.kit])
        return [token, '--recovery-kit', host.kit]
      },
      5,
      /token/,
    ))

  test('with something that is no token', () => expectNothing(host => [cloud.url, '--recovery-kit', host.kit], 2, /#/))

  test('over a connection that anyone can read', () =>
    expectNothing(host => ['http://receiver.example.net#main.s3cr3t', '--recovery-kit', host.kit], 2, /https/))

  test('with a kit inside the state directory', () =>
    expectNothing(
      async host => [await newToken(), '--recovery-kit', join(host.state, 'kit.txt')],
      2,
      /must not be kept/,
    ))

  test('with a kit in /etc/failsafe', () =>
    expectNothing(async () => [await newToken(), '--recovery-kit', '/etc/failsafe/kit.txt'], 2, /must not be kept/))

  test('with a kit where nothing can be written', () =>
    expectNothing(async () => [await newToken(), '--recovery-kit', '/proc/kit.txt'], 1, /\/proc\/kit\.txt/))

  test('with a recipient that is none', () =>
    expectNothing(async () => [await newToken(), '--recipient', 'age1nonsense'], 2, /age1nonsense/))

  test('with a name that cannot be one', () =>
    expectNothing(async host => [await newToken(), '--recovery-kit', host.kit, '--name', '../x'], 2, /--name/))
})

test('a state directory that cannot be made does not cost the token', async () => {
  await using host = await newHost()
  const token = await newToken()
  const config = host.directory.in('other.yaml')
  await writeFile(config, 'state: { dir: /proc/failsafe }')
  await chmod(config, 0o600)
  const refused = await runHere(['enrol', token, '--recovery-kit', host.kit, '--config', config], later)
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('/proc/failsafe')
  expect((await host.failsafe(['enrol', token, '--recovery-kit', host.kit])).code).toBe(0)
})
