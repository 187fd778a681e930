import type { SnapshotId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { spendDownload } from '../catalogue/downloads.ts'
import { findLinkByHash, type Link, linkSpending } from '../catalogue/links.ts'
import type { CompletePack } from '../catalogue/packs.ts'
import { findIndex, markOf, type RestoreIndex, type RestoreManifest, signing } from '../catalogue/restore-manifests.ts'
import { isRefused, type Step, transact } from '../catalogue/table.ts'
import type { Tenant } from '../catalogue/tenants.ts'
import { type Holder, linkInvalid } from './holder.ts'
import type { RestoreApiPorts } from './ports.ts'

export interface WantedPack {
  snapshot: SnapshotId
  pack: number
  item: CompletePack
}

/**
 * Signing a pack again counts as this much at most: its URL lives 15 minutes, and over a slow line a large pack takes many of them. The first
 * time a pack counts in full.
 */
const renewalBytes = 64 * 1024 ** 2
/** Each attempt after the first means that another request for the same packs, or of the same link, was faster. */
const attempts = 10

/**
 * Counts what URLs are about to be signed for against the holder's budgets: all uses of a link together have one, an agent has one a day. Links
 * that an agent made count for its day as well, or a thief of its key would make one and fetch everything.
 * @returns bytes
 * @throws ProblemError `not-found` for a pack that is not of this restore; `quota-exceeded`; `link-invalid`
 */
export async function spendFor(
  { catalogue, clock, env }: RestoreApiPorts,
  holder: Holder,
  manifest: RestoreManifest,
  packs: WantedPack[],
): Promise<number> {
  let link = holder.kind === 'link' ? holder.link : undefined
  const payer = holder.kind === 'agent' ? holder.agent.agent : holder.link.agent
  let charged = 0
  for (let attempt = 1; ; attempt++) {
    const { bytes, marks } = await marksOf()
    const spending = spendingOf(link, bytes)
    if (payer !== null) {
      // counted apart, and once: the day's budget is not the restore's
      const more = bytes - charged
      if (more > 0 && !(await spendDownload(catalogue, payer, more, budgetOf(holder.tenant), clock())))
        throw dayUsedUp()
      charged = Math.max(charged, bytes)
    }
    try {
      await transact(catalogue, [...spending, ...marks])
      return bytes
    } catch (error) {
      if (!isRefused(error)) throw error
      if (attempt >= attempts) throw new ProblemError('throttled', 'many requests sign URLs of this restore at once')
      link = link && (await findLinkByHash(catalogue, link.hash, clock()))
      if (holder.kind === 'link' && (!link || link.revokedAt !== undefined)) throw linkInvalid()
    }
  }

  function spendingOf(link: Link | undefined, bytes: number): Step[] {
    if (!link) return []
    const update = link.signedBytes + bytes > (link.byteBudget ?? 0) ? undefined : linkSpending(link, bytes)
    if (!update) throw linkUsedUp()
    return [{ update }]
  }

  async function marksOf(): Promise<{ bytes: number; marks: Step[] }> {
    const known: RestoreIndex[] = []
    const marked = new Map<RestoreIndex, { marks: Set<string>; fresh: Set<string> }>()
    let bytes = 0
    for (const { snapshot, pack, item } of packs) {
      const index = await indexOf(snapshot, known)
      const { marks, fresh } = marked.get(index) ?? { marks: new Set<string>(), fresh: new Set<string>() }
      marked.set(index, { marks, fresh })
      const mark = markOf(index, snapshot, pack)
      const before = index.signed.has(mark) || marks.has(mark)
      bytes += before ? Math.min(item.size, renewalBytes) : item.size
      if (!before) fresh.add(mark)
      marks.add(mark)
    }
    return {
      bytes,
      marks: [...marked].map(([index, { marks, fresh }]) => ({
        update: signing(manifest.id, index, [...marks], [...fresh]),
      })),
    }
  }

  async function indexOf(snapshot: SnapshotId, known: RestoreIndex[]): Promise<RestoreIndex> {
    const ulid = snapshot.slice(snapshot.indexOf('.') + 1)
    const before = known.find(({ ulids }) => ulids.includes(ulid))
    if (before) return before
    const index = await findIndex(catalogue, manifest.id, snapshot)
    if (!index) throw new ProblemError('not-found')
    known.push(index)
    return index
  }

  function budgetOf({ dailyDownloadBytes }: Tenant): number {
    return dailyDownloadBytes ?? env.DAILY_DOWNLOAD_BYTES
  }
}

function linkUsedUp(): ProblemError {
  return new ProblemError('quota-exceeded', 'this link has fetched all that it may', {
    fix: 'Ask who gave it to you for a new one',
  })
}

function dayUsedUp(): ProblemError {
  return new ProblemError(
    'quota-exceeded',
    'this host, with the links it made, has fetched all that it may in one day',
    {
      fix: 'Go on tomorrow, use a restore link of your provider, or ask them for a larger budget',
    },
  )
}
