import { randomBytes } from 'node:crypto'
import { importJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { functions } from '../../infra/functions.ts'
import { agentKey } from '../../lambdas/catalogue/keys.ts'
import { update } from '../../lambdas/catalogue/table.ts'
import { openApiDocument } from '../../scripts/openapi/document.ts'
import { certify } from '../../shared/certificate.ts'
import { newUlid } from '../../shared/ids.ts'
import { fingerprintOf, newSigningKey, publicKeyOf } from '../../shared/jws.ts'
import type { Manifest } from '../../shared/manifest.ts'
import { makeProof } from '../../shared/proof.ts'
import { handOver } from '../../shared/succession.ts'
import {
  agentOf,
  commit,
  enrolAgent,
  enrolment,
  fullEntry,
  open,
  registerSource,
  signed,
  stage,
  type TestAgent,
} from '../receiver/agent.ts'
import {
  type Answer,
  ok,
  receiverId,
  requestOf,
  sha256,
  startReceiver,
  type TestReceiver,
} from '../receiver/support.ts'
import { askedAlike, type Send } from './alike.ts'
import { belongings, type Names, nobodys, secret } from './names.ts'
import { probes } from './probes.ts'
import { told } from './told.ts'

const routes = functions.filter(({ callers }) => callers === 'agent').flatMap(definition => definition.routes)

/** Those that ask who calls: neither a page nor what comes before there is an agent. */
const routesOfAgents = routes.filter(each => !/ \/(r|r\/\{file\}|console|v1\/(receiver|enrolments))$/.test(each))

let receiver: TestReceiver
let victim: TestAgent
let theirs: Names
/** What the victim sees of its own before anybody tries anything. */
let untouched: unknown[]
/** Of the victim's tenant and of another. */
let attackers: Record<'neighbour' | 'stranger', { agent: TestAgent; own: Names }>

beforeAll(async () => {
  receiver = await startReceiver()
  victim = await enrolAgent(receiver)
  theirs = await belongings(receiver, victim, 'accounts')
  untouched = await victimsView()
  const [neighbour, stranger] = [await enrolAgent(receiver, victim.tenant), await enrolAgent(receiver)]
  attackers = {
    neighbour: { agent: neighbour, own: await belongings(receiver, neighbour, 'mine') },
    stranger: { agent: stranger, own: await belongings(receiver, stranger, 'mine') },
  }
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

/** All that the victim sees of its own. */
async function victimsView() {
  const headers = { authorization: `Bearer ${theirs.link}` }
  const view = []
  for (const target of [
    '/v1/sources',
    `/v1/sources/${theirs.source}/heads`,
    `/v1/sources/${theirs.source}/timeline`,
    `/v1/snapshots/${theirs.open}/packs/1/parts?lease=${theirs.lease}`,
    `/v1/restore-manifests/${theirs.restoreManifest}`,
  ])
    view.push(ok(await victim.call('GET', target)))
  view.push(ok(await receiver.send(requestOf('GET', '/v1/link', undefined, headers))))
  return view
}

test('every call that an agent can make is tried', () => {
  expect(Object.keys(probes).sort()).toEqual([...routes].sort())
})

describe.each(['neighbour', 'stranger'] as const)("a %s with another's names, ids and secrets", who => {
  it.each(routes)('learns nothing from %s', async route => {
    const { agent, own } = attackers[who]
    const send: Send =
      route === 'POST /v1/enrolments'
        ? async (method, { target, body }) => {
            const key = await newSigningKey()
            return signed(receiver, key, await fingerprintOf(key), method, target, {
              ...enrolment(key),
              ...(body as object),
            })
          }
        : (method, { target, body }) => agent.call(method, target, body)
    await askedAlike(route, { theirs, own }, send)
    expect(await victimsView()).toEqual(untouched)
  })

  it('learns nothing from what a link of its own opens', async () => {
    const { own } = attackers[who]
    const headers = { authorization: `Bearer ${own.link}` }
    const { routes: restoring } = functions.find(({ name }) => name === 'restore-api')!
    for (const route of restoring.filter(route => !/ \/(r|v1\/link(\/uses)?)$/.test(route)))
      await askedAlike(
        route,
        { theirs, own: { ...own, restoreManifest: await manifestOf(own) } },
        (method, { target, body }) => receiver.send(requestOf(method, target, body, headers)),
      )
  })

  it('does not get at a restore manifest with the link that did not plan it, nor with the agent behind the link', async () => {
    const { agent, own } = attackers[who]
    const manifest = await manifestOf(own)
    const others = [
      await victim.call('GET', `/v1/restore-manifests/${manifest}`),
      await agent.call('GET', `/v1/restore-manifests/${manifest}`),
      await agent.call('GET', `/v1/restore-manifests/${secret()}`),
    ]
    for (const answer of others) expect(told(answer, own)).toEqual(told(others[2]!, own))
    expect(others[0]!.body.code).toBe('not-found')
  })
})

async function manifestOf({ link, source }: Names): Promise<string> {
  const headers = { authorization: `Bearer ${link}` }
  return ok(await receiver.send(requestOf('POST', '/v1/restore-manifests', { source }, headers))).id
}

describe.each([
  { api: '/v1/admin/', status: 401 },
  { api: '/v1/console', status: 403 },
])("the provider's API under $api", ({ api, status }) => {
  const calls = Object.entries(openApiDocument().paths)
    .filter(([path]) => path.startsWith(api))
    .flatMap(([path, methods]) => Object.keys(methods).map(method => [method.toUpperCase(), path] as const))

  it.each(calls)('%s %s is closed to agents and to holders of links', async (method, path) => {
    const { agent, own } = attackers.stranger
    const target = (names: Names) => path.replace(/\{(\w+)\}/g, (_, name) => (names as never)[name] ?? names.tenant)
    const body = ['GET', 'DELETE'].includes(method) ? undefined : {}
    for (const send of [
      (names: Names) => agent.call(method, target(names), body),
      (names: Names) => victim.call(method, target(names), body),
      (names: Names) => receiver.send(requestOf(method, target(names), body, { authorization: `Bearer ${own.link}` })),
      (names: Names) => receiver.send(requestOf(method, target(names), body)),
    ]) {
      const [real, made] = [told(await send(theirs), theirs), told(await send(nobodys()), nobodys())]
      expect(real).toEqual(made)
      expect(real.status).toBe(status)
    }
  })
})

describe('who an agent is', () => {
  const heads = () => `/v1/sources/${theirs.source}/heads`

  it("cannot be claimed: another's id and an id that nobody has are refused alike", async () => {
    const { agent } = attackers.stranger
    const ids = [victim.id, attackers.neighbour.agent.id, nobodys().agent, `${victim.tenant}.${newUlid()}`]
    const answers = []
    for (const id of ids) answers.push(told(await signed(receiver, agent.key, id, 'GET', heads()), theirs))
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(answers[0]!.status).toBe(401)
  })

  it('cannot be handed on or certified for another: the keys of another are as far as those of nobody', async () => {
    const { agent } = attackers.stranger
    const [next, customer] = [await newSigningKey(), await newSigningKey()]
    const { publicKey } = enrolment(next)
    const answers = []
    for (const names of [theirs, nobodys()]) {
      const body = { publicKey, ...(await handOver(names.agent, agent.key, next, receiver.clock.now)) }
      answers.push(told(await agent.call('POST', '/v1/agent/key', body), names))
      answers.push(told(await signed(receiver, next, names.agent, 'POST', '/v1/agent/key', body), names))
      const certificate = await certify(publicKeyOf(victim.key), customer, receiver.clock.now)
      const certification = { certificate, customerKey: publicKeyOf(customer) }
      answers.push(
        told(await signed(receiver, agent.key, names.agent, 'PUT', '/v1/agent/certificate', certification), names),
      )
    }
    expect(answers.slice(3)).toEqual(answers.slice(0, 3))
    for (const { status } of answers) expect(status).toBeGreaterThanOrEqual(400)
    expect((await victim.call('GET', '/v1/sources')).status).toBe(200)
  })

  it('is not told from a revoked one by somebody who lacks its key', async () => {
    const gone = await enrolAgent(receiver, victim.tenant)
    await update(receiver.ports.catalogue, {
      key: agentKey(gone.id),
      update: 'SET #state = :state',
      values: { ':state': 'revoked' },
    })
    const { agent } = attackers.stranger
    const [revoked, nobody] = [gone.id, nobodys().agent].map(id => signed(receiver, agent.key, id, 'GET', heads()))
    expect(told(await revoked!, theirs)).toEqual(told(await nobody!, theirs))
  })

  it('does not help a revoked agent: it is told so whatever it asks for, its own or not', async () => {
    const gone = await enrolAgent(receiver)
    const own = await belongings(receiver, gone, 'mine')
    await update(receiver.ports.catalogue, {
      key: agentKey(gone.id),
      update: 'SET #state = :state',
      values: { ':state': 'revoked' },
    })
    for (const route of routesOfAgents) {
      const method = route.split(' ')[0]!
      const answers = []
      for (const names of [own, theirs, nobodys()])
        for (const { target, body } of probes[route]!(names, own)) {
          const answer = await gone.call(method, target, body)
          expect(answer.body.code, `${method} ${target}`).toBe('agent-revoked')
          answers.push(told(answer, names))
        }
      for (const answer of answers) expect(answer, route).toEqual(answers[0])
    }
    const byLink = await receiver.send(requestOf('GET', '/v1/link', undefined, { authorization: `Bearer ${own.link}` }))
    const byNone = await receiver.send(requestOf('GET', '/v1/link', undefined, { authorization: `Bearer ${secret()}` }))
    expect(told(byLink, own)).toEqual(told(byNone, own))
    expect(byLink.body.code).toBe('link-invalid')
  })
})

describe('a host that was replaced', () => {
  it('is told so whatever it asks for; what was its own is the new host, and nobody else gets at it', async () => {
    const old = await enrolAgent(receiver, victim.tenant)
    const own = await belongings(receiver, old, 'moved')
    const token = { replaces: old.id }
    const { enrol } = ok(await receiver.admin('POST', `/v1/admin/tenants/${victim.tenant}/enrol-tokens`, token))
    const key = await newSigningKey()
    const body = { ...enrolment(key), token: enrol.slice(enrol.indexOf('#') + 1) }
    const { agent } = ok(await signed(receiver, key, await fingerprintOf(key), 'POST', '/v1/enrolments', body))
    const rebuilt = agentOf(receiver, agent, victim.tenant, key)
    expect((await rebuilt.call('GET', `/v1/sources/${own.source}/heads`)).status).toBe(200)

    const { neighbour } = attackers
    for (const route of routesOfAgents) {
      const method = route.split(' ')[0]!
      for (const { target, body } of probes[route]!(own, own))
        expect((await old.call(method, target, body)).body.code, `${method} ${target}`).toBe('agent-revoked')
      if (route !== 'PUT /v1/sources/{name}')
        await askedAlike(route, { theirs: own, own: neighbour.own }, (method, { target, body }) =>
          neighbour.agent.call(method, target, body),
        )
    }
  })
})

describe('a link that has ended', () => {
  it('is not told from one that never was, however it ended', async () => {
    const { agent, own } = attackers.stranger
    const make = async (wish: object = {}) => {
      const { url, name } = ok(
        await agent.call('POST', '/v1/links', { source: own.source, expiresSeconds: 3600, ...wish }),
      )
      return { name, headers: { authorization: `Bearer ${url.slice(url.indexOf('#') + 1)}` } }
    }
    const ask = (headers: Record<string, string>, method = 'GET', target = '/v1/link', body?: unknown) =>
      receiver.send(requestOf(method, target, body, headers))
    const revoked = await make()
    ok(await agent.call('DELETE', `/v1/links/${revoked.name}`))
    const ended = await make()
    ok(await ask(ended.headers, 'DELETE'))
    const locked = await make({ passcode: 'open sesame' })
    for (let i = 0; i < 10; i++) await ask({ ...locked.headers, 'x-failsafe-passcode': 'wrong one' })
    const expired = await make({ expiresSeconds: 60 })
    receiver.clock.advance(61)
    const unknown = { authorization: `Bearer ${secret()}` }
    const answers = []
    for (const [method, target, body] of [
      ['GET', '/v1/link'],
      ['GET', `/v1/sources/${own.source}/timeline`],
      ['POST', '/v1/restore-manifests', { source: own.source }],
    ] as const)
      for (const headers of [unknown, revoked.headers, ended.headers, locked.headers, expired.headers])
        answers.push(told(await ask({ ...headers, 'x-failsafe-passcode': 'open sesame' }, method, target, body), own))
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(answers[0]!.text).toContain('link-invalid')
  })
})

describe('a proof that somebody caught', () => {
  const bytes = (body?: unknown) => new TextEncoder().encode(body === undefined ? '' : JSON.stringify(body))
  const proofOf = (method: string, target: string, body?: unknown, receiverOf = receiverId) =>
    makeProof({ method, target, body: bytes(body) }, victim.key, victim.id, receiverOf, receiver.clock.now)
  const sendWith = (proof: string, method: string, target: string, body?: unknown) =>
    receiver.send(requestOf(method, target, body, { authorization: `Proof ${proof}` }))
  const code = async (answer: Promise<Answer>) => (await answer).body?.code

  it('is good for nothing else: another method, path, query, order of the query, body, receiver, or spelling of the path', async () => {
    const timeline = `/v1/sources/${theirs.source}/timeline`
    const target = `${timeline}?limit=5&before=01ARZ3NDEKTSV4RRFFQ69G5FAV`
    const body = { lease: theirs.lease }
    const renew = `/v1/snapshots/${theirs.open}/renew`
    const tries: [string, string, string, unknown?][] = [
      [await proofOf('GET', target), 'GET', `${timeline}?before=01ARZ3NDEKTSV4RRFFQ69G5FAV&limit=5`],
      [await proofOf('GET', target), 'GET', `${target}&limit=5`],
      [await proofOf('GET', target), 'GET', timeline],
      [await proofOf('GET', target), 'GET', target.replace('timeline', '%74imeline')],
      [await proofOf('GET', timeline), 'GET', `/v1/sources/${theirs.source}/heads`],
      [await proofOf('GET', renew), 'POST', renew, body],
      [await proofOf('POST', renew, { lease: attackers.stranger.own.lease }), 'POST', renew, body],
      [await proofOf('POST', renew, body), 'DELETE', `/v1/snapshots/${theirs.open}?lease=${theirs.lease}`],
      [await proofOf('GET', timeline, undefined, 'another-receiver'), 'GET', timeline],
    ]
    for (const [proof, method, path, sent] of tries)
      expect(['proof-invalid', 'not-found'], `${method} ${path}`).toContain(
        await code(sendWith(proof, method, path, sent)),
      )
    expect((await sendWith(await proofOf('POST', renew, body), 'POST', renew, body)).status).toBe(200)
  })

  it('is refused after its use, however it is written, and a refusal does not use it up', async () => {
    const target = `/v1/sources/${theirs.source}/heads`
    const proof = await proofOf('GET', target)
    expect(await code(sendWith(proof, 'GET', '/v1/sources'))).toBe('proof-invalid')
    expect((await sendWith(proof, 'GET', target)).status).toBe(200)
    for (const again of [proof, `${proof} `, ` ${proof}`])
      expect(['proof-replayed', 'proof-invalid']).toContain(await code(sendWith(again, 'GET', target)))
    expect(await code(sendWith(proof, 'GET', target))).toBe('proof-replayed')
  })

  it("has a nonce of its agent's own: nobody can use up or find out another's", async () => {
    const nonce = randomBytes(18).toString('base64url')
    const target = '/v1/sources'
    const withNonce = async ({ key, id }: TestAgent) => {
      const claims = { htm: 'GET', htu: target, sha256: Buffer.from(sha256(''), 'base64').toString('base64url') }
      const proof = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'EdDSA', typ: 'failsafe-proof+jwt', kid: id })
        .setAudience(receiverId)
        .setIssuedAt(Math.floor(receiver.clock.now.getTime() / 1000))
        .setJti(nonce)
        .sign(await importJWK(key, 'EdDSA'))
      return (await sendWith(proof, 'GET', target)).status
    }
    const { stranger, neighbour } = attackers
    expect(await withNonce(stranger.agent)).toBe(200)
    expect(await withNonce(victim)).toBe(200)
    expect(await withNonce(neighbour.agent)).toBe(200)
    expect(await withNonce(victim)).toBe(401)
  })

  it('that names no algorithm, another algorithm or a key of its own is refused', async () => {
    const target = '/v1/sources'
    const [header, payload, signature] = (await proofOf('GET', target)).split('.') as [string, string, string]
    const protectedHeader = JSON.parse(Buffer.from(header, 'base64url').toString())
    const own = await newSigningKey()
    const forged = [
      { ...protectedHeader, alg: 'none' },
      { ...protectedHeader, alg: 'HS256' },
      { ...protectedHeader, jwk: own },
      { ...protectedHeader, crit: ['b64'], b64: false },
      { ...protectedHeader, typ: 'JWT' },
    ].map(each => `${Buffer.from(JSON.stringify(each)).toString('base64url')}.${payload}.${signature}`)
    for (const proof of [...forged, `${header}.${payload}.`, `${header}.${payload}`, header, '', '..'])
      expect(await code(sendWith(proof, 'GET', target)), proof.slice(0, 40)).toBe('proof-invalid')
  })
})

test("a manifest that names another's agent, source or snapshot is refused like one that names nobody's", async () => {
  const { agent } = attackers.stranger
  const source = await registerSource(agent, 'forged')
  const opened = await open(agent, source)
  const forgeries: ((names: Names, manifest: Manifest) => Manifest)[] = [
    (names, manifest) => ({ ...manifest, agent: names.agent }),
    (names, manifest) => ({ ...manifest, source: names.source }),
    (names, manifest) => ({ ...manifest, snapshot: names.snapshot }),
    (names, manifest) => ({ ...manifest, agent: names.agent, source: names.source, snapshot: names.snapshot }),
  ]
  for (const forge of forgeries) {
    const answers = []
    for (const names of [theirs, nobodys()]) {
      const units = [fullEntry('a', 1, '2026-11-22T14:00:00Z')]
      const staged = await stage(agent, opened, units, { change: manifest => forge(names, manifest) })
      answers.push(told(await commit(agent, staged), names))
    }
    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]!.text).toContain('manifest-invalid')
  }
})
