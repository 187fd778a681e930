import { call } from '../../receiver/call.ts'
import type {
  AgentsPage,
  EnrolToken,
  EnrolWish,
  LinksPage,
  LinkWish,
  MadeLink,
  NoticesPage,
  Session,
  SourcesPage,
  TenantsPage,
  UsagePage,
} from './answers.ts'

/** The lists that come in pages. */
interface Lists {
  tenants: TenantsPage
  sources: SourcesPage
  agents: AgentsPage
  notices: NoticesPage
  usage: UsagePage
  links: LinksPage
}

/** The calls of the provider's page. Each throws Refused `link-invalid` when the session is over. */
export class ConsoleReceiver {
  readonly #secret: string

  constructor(secret: string) {
    this.#secret = secret
  }

  session(signal?: AbortSignal): Promise<Session> {
    return this.#call('GET', '', { signal })
  }

  /** Ends the session for everybody who has the link. */
  async end(): Promise<void> {
    await this.#call('DELETE', '')
  }

  /** Every page of a list, one after the other. @param query parameters that are undefined are left out */
  async *pages<Name extends keyof Lists>(
    list: Name,
    query: { tenant?: string; month?: string | undefined } = {},
    signal?: AbortSignal,
  ): AsyncGenerator<Lists[Name]> {
    const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
    for (let after: string | null | undefined; after !== null; ) {
      const parameters = new URLSearchParams([...given, ...(after === undefined ? [] : [['after', after]])])
      const page: Lists[Name] = await this.#call('GET', `/${list}?${parameters}`, { signal })
      yield page
      after = page.next
    }
  }

  makeEnrolToken(tenant: string, wish: EnrolWish): Promise<EnrolToken> {
    return this.#call('POST', `/tenants/${tenant}/enrol-tokens`, { body: wish })
  }

  makeLink(wish: LinkWish): Promise<MadeLink> {
    return this.#call('POST', '/links', { body: wish })
  }

  async revokeLink(tenant: string, name: string): Promise<void> {
    await this.#call('DELETE', `/links/${tenant}/${name}`)
  }

  #call<T>(method: string, path: string, options?: { body?: unknown; signal?: AbortSignal | undefined }): Promise<T> {
    return call({ secret: this.#secret }, method, `/v1/console${path}`, options)
  }
}
