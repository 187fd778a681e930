import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { addUsed, findTenantStored } from '../../lambdas/catalogue/stored.ts'
import { collect } from '../../lambdas/catalogue/table.ts'
import type { ExportVault } from '../../lambdas/export/ports.ts'
import { TenantExport, tenantExportKey } from '../../lambdas/export/tenant-export.ts'
import { workNights } from '../../lambdas/export/work-nights.ts'
import { deleteVersion, VersionLocked } from '../../lambdas/vault/delete-version.ts'
import { describeVersion } from '../../lambdas/vault/describe-version.ts'
import { extendLock } from '../../lambdas/vault/extend-lock.ts'
import { listVersions } from '../../lambdas/vault/list-versions.ts'
import type { Lock } from '../../lambdas/vault/lock.ts'
import { putVersion } from '../../lambdas/vault/put-version.ts'
import { readObject } from '../../lambdas/vault/read-object.ts'
import { enrolAgent, registerSource, type TestAgent } from './agent.ts'
import { Death } from './faults.ts'
import { ok, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
const key = tenantExportKey('acme')
const day = 86_400

beforeEach(async () => {
  receiver = await startReceiver()
  agent = await enrolAgent(receiver, 'acme')
  await registerSource(agent, 'shop')
  ok(await receiver.admin('POST', '/v1/admin/links', { tenant: 'acme', source: 'shop', expiresSeconds: 600 }))
})
afterEach(() => receiver?.[Symbol.asyncDispose]())

function vault(): ExportVault {
  return {
    putVersion: (object, lock) => putVersion(receiver.vault, object, lock),
    extendLock: (name, version, lock) => extendLock(receiver.vault, name, version, lock),
    listVersions: prefix => listVersions(receiver.vault, prefix),
    deleteVersion: (name, version) => deleteVersion(receiver.vault, name, version),
  }
}

async function night(over: Partial<ExportVault> = {}): Promise<void> {
  receiver.clock.advance(day)
  await workNights({ ...receiver.ports, vault: { ...vault(), ...over } }, () => true)
}

const versions = () => collect(listVersions(receiver.vault, key))

async function lockDays(version: { versionId: string }): Promise<number> {
  const { lock } = (await describeVersion(receiver.vault, key, version.versionId))!
  return (lock!.until.getTime() - receiver.clock.now.getTime()) / 86_400_000
}

async function newest(): Promise<{ text: string; content: TenantExport }> {
  const [version] = await versions()
  const text = Buffer.from(await readObject(receiver.vault, key, version!.versionId)).toString()
  return { text, content: TenantExport.parse(JSON.parse(text)) }
}

describe('the nightly export of a tenant', () => {
  it('holds what its provider and its agents set up, locked, and no secret nor the hash of one', async () => {
    await night()
    const { text, content } = await newest()
    expect(content).toMatchObject({
      tenant: { tenant: 'acme', minimumDays: 30 },
      agents: [{ agent: agent.id, publicKey: { x: agent.key.x } }],
      sources: [{ name: 'shop', engine: 'mysql' }],
    })
    expect(text).not.toMatch(/secret|token|passcode|hash|whsec|"d"/i)
    expect(await lockDays((await versions())[0]!)).toBeCloseTo(30, 1)
    expect(receiver.logged.failures).toEqual([])
  })

  it('is written again only when something has changed', async () => {
    for (let n = 0; n < 3; n++) await night()
    expect(await versions()).toHaveLength(1)
    await registerSource(agent, 'second')
    await night()
    expect(await versions()).toHaveLength(2)
    expect((await newest()).content.sources).toHaveLength(2)
    receiver.clock.advance(60)
    ok(await agent.call('GET', '/v1/sources')) // that it called is no change
    await night()
    expect(await versions()).toHaveLength(2)
  })

  it('stays locked as long as nothing changes, and goes when its lock is over and a newer one is there', async () => {
    await night()
    for (let n = 0; n < 29; n++) await night()
    const [first] = await versions()
    expect(await lockDays(first!)).toBeGreaterThan(25)
    await registerSource(agent, 'second')
    await night()
    expect(await versions()).toHaveLength(2)
    const refused = vi.fn(async () => {
      throw new VersionLocked('locked', undefined)
    })
    receiver.clock.advance(60 * day)
    await registerSource(agent, 'third')
    await night({ deleteVersion: refused })
    expect(refused).toHaveBeenCalled()
    expect(receiver.logged.failures).toEqual([])
    const deleted: string[] = []
    await registerSource(agent, 'fourth')
    await night({
      deleteVersion: async (_key, version) => {
        deleted.push(version)
      },
    })
    const all = await versions()
    expect(deleted.sort()).toEqual(
      all
        .slice(1)
        .map(({ versionId }) => versionId)
        .sort(),
    )
  })

  it('is written anew under another lock mode, as S3 changes none that holds', async () => {
    receiver.ports.env.LOCK_MODE = 'COMPLIANCE'
    await night()
    receiver.ports.env.LOCK_MODE = 'GOVERNANCE'
    for (let n = 0; n < 40; n++) await night()
    expect(receiver.logged.failures).toEqual([])
    const [newest] = await versions()
    expect((await describeVersion(receiver.vault, key, newest!.versionId))!.lock!.mode).toBe('GOVERNANCE')
    expect(await lockDays(newest!)).toBeGreaterThan(0)
  })

  it('of one tenant is no business of another: what fails is tried again in an hour', async () => {
    await enrolAgent(receiver, 'aaa')
    await night({
      putVersion: (object, lock) =>
        object.key.includes('/aaa/') ? Promise.reject(new Error('no disk')) : vault().putVersion(object, lock),
    })
    expect(receiver.logged.failures).toMatchObject([{ message: 'no disk' }])
    expect(await versions()).toHaveLength(1)
    const others = () => collect(listVersions(receiver.vault, tenantExportKey('aaa')))
    expect(await others()).toHaveLength(0)
    receiver.clock.advance(3600)
    await workNights({ ...receiver.ports, vault: vault() }, () => true)
    expect(await others()).toHaveLength(1)
  })

  it('is written anew when somebody took it away once its lock was over', async () => {
    await night()
    const gone = (await versions()).map(({ versionId }) => versionId)
    receiver.clock.advance(40 * day)
    await night({
      extendLock: async (name, version, lock) => {
        if (gone.includes(version)) throw await missing(name, lock)
        return vault().extendLock(name, version, lock)
      },
    })
    expect(receiver.logged.failures).toEqual([])
    expect(await versions()).toHaveLength(2)
    await night()
    expect(await versions()).toHaveLength(2)
  })

  /** As S3 says it of a version that there never was. */
  const missing = (name: string, lock: Lock) =>
    extendLock(receiver.vault, name, '0'.repeat(32), lock).catch((error: unknown) => error)

  it('that fails keeps nobody from knowing what the tenant stores', async () => {
    await addUsed(receiver.ports.catalogue, 'acme', 1234, null)
    await night({ putVersion: () => Promise.reject(new Error('no disk')) })
    expect(receiver.logged.failures).toMatchObject([{ message: 'no disk' }])
    expect(await findTenantStored(receiver.ports.catalogue, 'acme')).toEqual({ used: 0 })
  })

  it('that dies anywhere is made by the next invocation, and two at once harm nobody', async () => {
    for (let n = 1; n < 14; n++) {
      await registerSource(agent, `s${n}`)
      receiver.clock.advance(day)
      const death = new Death(n, n % 2 === 0 ? 'before' : 'after')
      const ports = { ...receiver.ports, catalogue: death.table(receiver.ports.catalogue), vault: vault() }
      await workNights(ports, () => true).catch(() => {})
      receiver.clock.advance(3600)
      const again = () => workNights({ ...receiver.ports, vault: vault() }, () => true)
      await Promise.all([again(), again()])
      expect((await newest()).content.sources, death.step).toHaveLength(n + 1)
    }
  })
})
