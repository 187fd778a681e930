import type { OpenAPIHono } from '@hono/zod-openapi'
import { manifestLimit } from '../../shared/manifest.ts'
import { type AgentEnv, agentOnly } from '../http/agent-proof.ts'
import { newApp } from '../http/app.ts'
import { commitSnapshot } from './commit-snapshot.ts'
import { completeOnePack } from './complete-one-pack.ts'
import type { CommitterPorts } from './ports.ts'

export type CommitterApp = OpenAPIHono<AgentEnv>

/** The manifest, and what is around it. */
const maxBody = manifestLimit + 4096

export function committer(ports: CommitterPorts): CommitterApp {
  const app: CommitterApp = newApp<AgentEnv>(ports, maxBody)
  app.use('/v1/*', agentOnly(ports))
  completeOnePack(app, ports)
  commitSnapshot(app, ports)
  return app
}
