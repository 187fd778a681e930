import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { functions } from '../../infra/functions.ts'
import { fingerprintOf, newSigningKey } from '../../shared/jws.ts'
import { enrolAgent, enrolment, signed, type TestAgent } from '../receiver/agent.ts'
import { reach } from '../receiver/reach.ts'
import type { Reachable } from '../receiver/support.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { askedAlike } from './alike.ts'
import { belongings, type Names } from './names.ts'

let cloud: TestCloud
let receiver: Reachable
let stranger: TestAgent
let theirs: Names
let own: Names

beforeAll(async () => {
  cloud = await startTestCloud()
  receiver = await reach(cloud)
  theirs = await belongings(receiver, await enrolAgent(receiver, 'victim'), 'accounts')
  stranger = await enrolAgent(receiver, 'stranger')
  own = await belongings(receiver, stranger, 'mine')
})
afterAll(() => cloud?.close())

describe("a stranger with another's names, behind the gateway and with the roles of the stack", () => {
  const routes = functions.filter(({ callers }) => callers === 'agent').flatMap(definition => definition.routes)
  it.each(routes)('learns nothing from %s', async route => {
    await askedAlike(route, { theirs, own }, async (method, { target, body }) => {
      if (route !== 'POST /v1/enrolments') return stranger.call(method, target, body)
      const key = await newSigningKey()
      return signed(receiver, key, await fingerprintOf(key), method, target, { ...enrolment(key), ...(body as object) })
    })
  })

  it('nor from the admin API, which answers nobody without an AWS signature', async () => {
    const answers = []
    for (const tenant of [theirs.tenant, 'nobody'])
      for (const headers of [{}, { authorization: `Bearer ${own.link}` }] as HeadersInit[]) {
        const response = await fetch(`${cloud.url}/v1/admin/tenants/${tenant}`, { headers })
        answers.push([response.status, await response.text()])
      }
    for (const answer of answers) expect(answer).toEqual([403, '{"message":"Forbidden"}'])
  })
})
