import type { Context } from 'aws-lambda'
import { realPorts } from '../http/real-ports.ts'
import { janitorVault } from './janitor-vault.ts'
import { work } from './work.ts'

/*
 * The calls that this function makes, for its role:
 *
 * vault      on packs/* and meta/*: ListParts, CompleteMultipartUpload, PutObject, PutObjectRetention, HeadObject, GetObject (ranges of a unit
 *            list) - the commit's; GetObjectRetention, AbortMultipartUpload and DeleteObject with a version id - its own. It neither presigns,
 *            nor begins an upload, nor bypasses a governance lock.
 * catalogue  GetItem, PutItem, UpdateItem, DeleteItem, ConditionCheckItem (single or in transactions), Query of the table and of `by-time`.
 *
 * What lambdas/usage and lambdas/export do in it is named there.
 */

const ports = realPorts()
const vault = janitorVault(ports.env.VAULT_BUCKET)

/** Of the 15 minutes that Lambda gives it, the last one is for ending what has begun. */
const lastMinute = 60_000

export async function handler(_event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void> {
  await work({ ...ports, vault }, () => context.getRemainingTimeInMillis() - lastMinute)
}
