import { AdminReceiver } from '../../admin/receiver.ts'
import { EnrolTokenResponse, TenantResponse } from '../../shared/api/admin.ts'
import type { TestCloud } from './cloud.ts'

/** What a provider does for a test that is about something else: the calls of `failsafe-admin`, without a process for each. */
export class Provider {
  readonly #receiver: AdminReceiver

  constructor({ url, region, admin }: TestCloud) {
    this.#receiver = new AdminReceiver({ url, region, credentials: async () => admin })
  }

  async createTenant(tenant: string, name = tenant): Promise<void> {
    await this.#receiver.call('POST', '/v1/admin/tenants', TenantResponse, { tenant, name })
  }

  /** What `failsafe enrol` takes, good for ten minutes. */
  async enrolToken(tenant: string): Promise<string> {
    const target = `/v1/admin/tenants/${tenant}/enrol-tokens`
    const { enrol } = await this.#receiver.call('POST', target, EnrolTokenResponse, { expiresSeconds: 600 })
    return enrol
  }
}
