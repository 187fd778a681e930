import type { OpenAPIHono } from '@hono/zod-openapi'
import { newApp } from '../http/app.ts'
import { createRestoreManifest } from './create-restore-manifest.ts'
import { endLink } from './end-link.ts'
import { type HolderEnv, holderOnly } from './holder.ts'
import type { RestoreApiPorts } from './ports.ts'
import { readLink } from './read-link.ts'
import { readLinkUses } from './read-link-uses.ts'
import { readPlan } from './read-plan.ts'
import { readRestoreManifest } from './read-restore-manifest.ts'
import { readTimeline } from './read-timeline.ts'
import { showPage } from './show-page.ts'
import { signUrls } from './sign-urls.ts'

export type RestoreApp = OpenAPIHono<HolderEnv>

/** A list of thousands of units fits. */
const maxBody = 1024 * 1024

/** For the holder of a restore link, and for an agent and its own sources. */
export function restoreApi(ports: RestoreApiPorts): RestoreApp {
  const app: RestoreApp = newApp<HolderEnv>(ports, maxBody)
  showPage(app, ports)
  app.use('/v1/*', holderOnly(ports))
  readLink(app, ports)
  endLink(app, ports)
  readLinkUses(app, ports)
  readTimeline(app, ports)
  readPlan(app, ports)
  createRestoreManifest(app, ports)
  readRestoreManifest(app, ports)
  signUrls(app, ports)
  return app
}
