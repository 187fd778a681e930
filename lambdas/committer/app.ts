import type { OpenAPIHono } from '@hono/zod-openapi'
import { manifestLimit } from '../../shared/manifest.ts'
import type { CommitPorts } from '../commit/ports.ts'
import { type AgentEnv, agentOnly } from '../http/agent-proof.ts'
import { newApp } from '../http/app.ts'
import { commitSnapshot } from './commit-snapshot.ts'
import { completeOnePack } from './complete-one-pack.ts'

export type CommitterApp = OpenAPIHono<AgentEnv>

/** The manifest, and what is around it. */
const maxBody = manifestLimit + 4096

export function committer(ports: CommitPorts): CommitterApp {
  const app: CommitterApp = newApp<AgentEnv>(ports, maxBody)
  app.use('/v1/*', agentOnly(ports))
  completeOnePack(app, ports)
  commitSnapshot(app, ports)
  return app
}
