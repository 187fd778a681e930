import { otherOwnerOf } from '../files/owner.ts'

/** Not in Node's types. */
const withGroups = process as unknown as { initgroups(user: number, group: number): void }

/**
 * Root goes on as the account that the state belongs to, for good: what a backup stages, and the sockets of a run, are then of use to the service, and
 * what the service must not do fails here too.
 */
export async function actAsOwner(stateDirectory: string): Promise<void> {
  const owner = await otherOwnerOf(stateDirectory).catch(error => {
    if (error.code !== 'ENOENT') throw error
  })
  if (!owner) return
  withGroups.initgroups(owner.uid, owner.gid)
  process.setgid!(owner.gid)
  process.setuid!(owner.uid)
}
