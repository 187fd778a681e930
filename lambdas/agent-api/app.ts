import type { OpenAPIHono } from '@hono/zod-openapi'
import { type AgentEnv, agentOnly } from '../http/agent-proof.ts'
import { newApp } from '../http/app.ts'
import { abortSnapshot } from './abort-snapshot.ts'
import { certifyKey } from './certify-key.ts'
import { createLink } from './create-link.ts'
import { enrol } from './enrol.ts'
import { listPackParts } from './list-pack-parts.ts'
import { listOwnSources } from './list-sources.ts'
import { openSnapshot } from './open-snapshot.ts'
import type { AgentApiPorts } from './ports.ts'
import { readHeads } from './read-heads.ts'
import { receiveProof } from './receive-proof.ts'
import { receiveRun } from './receive-run.ts'
import { registerSource } from './register-source.ts'
import { renewLease } from './renew-lease.ts'
import { revokeOwnLink } from './revoke-own-link.ts'
import { rotateKey } from './rotate-key.ts'
import { signParts } from './sign-parts.ts'
import { tellReceiver } from './tell-receiver.ts'

export type AgentApp = OpenAPIHono<AgentEnv>

const maxBody = 64 * 1024

/** What an agent asks for before its snapshot is committed. Every call but the first two wants its proof. */
export function agentApi(ports: AgentApiPorts): AgentApp {
  const app: AgentApp = newApp<AgentEnv>(ports, maxBody)
  tellReceiver(app, ports)
  enrol(app, ports)
  app.use('/v1/*', agentOnly(ports))
  rotateKey(app, ports)
  certifyKey(app, ports)
  registerSource(app, ports)
  listOwnSources(app, ports)
  readHeads(app, ports)
  openSnapshot(app, ports)
  renewLease(app, ports)
  signParts(app, ports)
  listPackParts(app, ports)
  receiveProof(app, ports)
  abortSnapshot(app, ports)
  receiveRun(app, ports)
  createLink(app, ports)
  revokeOwnLink(app, ports)
  return app
}
