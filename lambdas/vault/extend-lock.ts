import { type Lock, lockOf, lockVersion } from './lock.ts'
import { s3Status, type Vault } from './vault.ts'

/** There is no such version any more: nothing is left to be locked. */
export class VersionGone extends Error {}

/**
 * Locks one version until `lock.until` at least. Idempotent; S3 refuses to shorten a lock, so where it holds longer already (two janitors at
 * once, one with news that the other has not) nothing changes.
 * @throws VersionGone
 */
export async function extendLock(vault: Vault, key: string, versionId: string, lock: Lock): Promise<void> {
  try {
    await lockVersion(vault, key, versionId, lock)
  } catch (error) {
    const status = s3Status(error)
    if (status === 404) throw new VersionGone(`${key} is not in the vault`, { cause: error })
    if (status !== 403) throw error
    const now = await lockOf(vault, key, versionId)
    if (!now || now.until < lock.until) throw error
  }
}
