import { decodeJwt } from 'jose'
import type { RestorePlanResponse } from '../../shared/api/restore.ts'
import type { SnapshotId } from '../../shared/ids.ts'
import { Manifest } from '../../shared/manifest.ts'
import { ProblemError } from '../../shared/problem.ts'
import { StoredManifest } from '../catalogue/commits.ts'
import { manifestKey } from '../catalogue/keys.ts'
import { readMany, type Table } from '../catalogue/table.ts'
import { Page } from '../http/page.ts'
import { egressCost } from './egress-cost.ts'
import { bytesOf, namesOf, type PlanWithin } from './plan-within.ts'
import type { RestoreApiPorts } from './ports.ts'

type Shown = RestorePlanResponse['snapshots'][number]

const unitsShown = 100
/** Each is read from a manifest, which has 64 KB at most. */
const versionsShown = 100

/**
 * What a plan consists of, from behind one of its snapshots on.
 * @param after the last of the page before
 * @throws ProblemError `invalid-request` when the plan has no such snapshot (any more)
 */
export async function planPage(
  { catalogue, env }: RestoreApiPorts,
  plan: PlanWithin,
  after: SnapshotId | undefined,
): Promise<RestorePlanResponse> {
  const { snapshots, doubtful } = plan
  const start = after === undefined ? 0 : snapshots.findIndex(({ snapshot }) => snapshot === after) + 1
  if (after !== undefined && start === 0)
    throw new ProblemError('invalid-request', 'page: the plan has no such snapshot', {
      fix: 'Ask for its first page again: what leads to that moment has changed meanwhile',
    })
  const bad = new Set(doubtful)
  const page = new Page<Shown>()
  for (const item of snapshots.slice(start)) if (!page.add(shownOf(item, bad))) break
  const { items } = page
  const versions = await versionsOf(catalogue, [...items.slice(0, versionsShown), ...items.slice(-1)])
  const bytes = bytesOf(plan)
  return {
    ...namesOf(plan),
    snapshots: items.map(item => ({ ...item, engineVersion: versions.get(item.snapshot) ?? null })),
    count: snapshots.length,
    bytes,
    egressCost: egressCost(bytes, env),
    next: start + items.length < snapshots.length ? page.last!.snapshot : null,
  }
}

function shownOf(item: PlanWithin['snapshots'][number], bad: ReadonlySet<string>): Shown {
  const { snapshot, kind, lane, receivedAt, agent, lockedUntil, totals, units, proof } = item
  const { sourceBytes, sealedBytes, artefacts } = totals
  return {
    snapshot,
    kind,
    lane,
    receivedAt,
    agent,
    lockedUntil,
    sourceBytes,
    sealedBytes,
    artefacts,
    doubtful: bad.has(snapshot),
    engineVersion: null,
    units: units.slice(0, unitsShown).map(({ unit, kind, from, to, covers }) => ({ unit, kind, from, to, covers })),
    unitCount: units.length,
    proof: proof ?? null,
  }
}

const Item = StoredManifest.pick({ manifest: true })
const Claims = Manifest.pick({ snapshot: true, engineVersion: true })

/** As the signed manifests say, which were checked when they were committed. */
async function versionsOf(table: Table, snapshots: Shown[]): Promise<Map<string, string>> {
  const keys = snapshots.map(({ snapshot }) => manifestKey(snapshot))
  const claims = (await readMany(table, Item, keys)).map(({ manifest }) => Claims.parse(decodeJwt(manifest)))
  return new Map(claims.map(({ snapshot, engineVersion }) => [snapshot, engineVersion]))
}
