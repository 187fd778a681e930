import type { z } from 'zod'
import type {
  AdminAgentsResponse,
  AdminLinkRequest,
  AdminLinksResponse,
  AdminSourcesResponse,
  EnrolTokenRequest,
  EnrolTokenResponse,
  TenantsResponse,
} from '../../../../../shared/api/admin.ts'
import type { LinkResponse } from '../../../../../shared/api/agent.ts'
import type { ConsoleInfoResponse } from '../../../../../shared/api/console.ts'
import type { NoticesResponse } from '../../../../../shared/api/notices.ts'
import type { UsageResponse } from '../../../../../shared/api/usage.ts'

/** What the receiver is asked and answers, as types alone: the schemas, and the library that reads them, stay out of the page. */
export type Session = z.output<typeof ConsoleInfoResponse>
export type TenantsPage = z.output<typeof TenantsResponse>
export type Tenant = TenantsPage['tenants'][number]
export type SourcesPage = z.output<typeof AdminSourcesResponse>
export type Source = SourcesPage['sources'][number]
export type NoticesPage = z.output<typeof NoticesResponse>
export type Condition = NoticesPage['conditions'][number]
export type ToldNotice = NoticesPage['notices'][number]
export type UsagePage = z.output<typeof UsageResponse>
export type AgentsPage = z.output<typeof AdminAgentsResponse>
export type Agent = AgentsPage['agents'][number]
export type LinksPage = z.output<typeof AdminLinksResponse>
export type Link = LinksPage['links'][number]
export type LinkWish = z.input<typeof AdminLinkRequest>
export type MadeLink = z.output<typeof LinkResponse>
export type EnrolWish = z.input<typeof EnrolTokenRequest>
export type EnrolToken = z.output<typeof EnrolTokenResponse>
