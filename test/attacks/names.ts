import { randomBytes } from 'node:crypto'
import { newUlid } from '../../shared/ids.ts'
import {
  backUp,
  fullEntry,
  logEntry,
  open,
  registerSource,
  stage,
  type TestAgent,
  upload,
  windowOf,
} from '../receiver/agent.ts'
import { ok, type Reachable } from '../receiver/support.ts'

/** Everything that a customer has a name, an id or a secret for. */
export interface Names {
  tenant: string
  agent: string
  sourceName: string
  source: string
  /** Committed. */
  snapshot: string
  /** Open, with a part in the vault, and the token of its lease. */
  open: string
  lease: string
  run: string
  restoreManifest: string
  link: string
  /** What the link is called; it opens nothing. */
  linkName: string
  /** The second half of an enrolment token that was used. */
  token: string
}

/** A customer's host with something of each kind. */
export async function belongings(receiver: Reachable, agent: TestAgent, sourceName: string): Promise<Names> {
  const source = await registerSource(agent, sourceName)
  const [from, to] = ['2026-11-22T14:00:00Z', '2026-11-22T14:10:00Z']
  const { snapshot } = await backUp(agent, source, 'full', [fullEntry('a', 10, from)])
  await backUp(agent, source, 'log', [logEntry('a', 10, 20, from, to)])
  const opened = await open(agent, source, 'full')
  await upload(agent, await stage(agent, opened, [fullEntry('a', 30, to)]))
  const { url, name } = ok(await agent.call('POST', '/v1/links', { source, expiresSeconds: 3600 }))
  const { id } = ok(await agent.call('POST', '/v1/restore-manifests', { source }))
  return {
    tenant: agent.tenant,
    agent: agent.id,
    sourceName,
    source,
    snapshot,
    open: opened.snapshot,
    lease: opened.lease.token,
    run: opened.run,
    restoreManifest: id,
    link: url.slice(url.indexOf('#') + 1),
    linkName: name,
    token: `${receiver.id}.${secret()}`,
  }
}

/** Names of the same form that nobody ever gave. @param parent keep these, so that only what lies below them is made up */
export function nobodys(parent: Partial<Names> = {}): Names {
  const tenant = parent.tenant ?? `t${newUlid().toLowerCase()}`
  const source = parent.source ?? newUlid()
  return {
    tenant,
    agent: `${tenant}.${newUlid()}`,
    sourceName: randomBytes(4).toString('hex'),
    source,
    snapshot: `${source}.${newUlid()}`,
    open: `${source}.${newUlid()}`,
    lease: secret(),
    run: newUlid(),
    restoreManifest: secret(),
    link: secret(),
    linkName: secret().slice(0, 12),
    token: parent.token === undefined ? '' : `${parent.token.slice(0, parent.token.lastIndexOf('.'))}.${secret()}`,
  }
}

export const secret = () => randomBytes(32).toString('base64url')
export const window = windowOf([randomBytes(100)])
