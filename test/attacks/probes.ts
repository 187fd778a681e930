import { randomBytes } from 'node:crypto'
import { newUlid } from '../../shared/ids.ts'
import { newSigningKey, publicKeyOf } from '../../shared/jws.ts'
import { packOf } from '../receiver/agent.ts'
import { type Names, window } from './names.ts'

const publicKey = publicKeyOf(await newSigningKey())
/** Has the form of a signature, and nothing behind it. */
const jws = 'e30.e30.e30'

export interface Probe {
  /** Path and query. */
  target: string
  body?: unknown
  /** The call names nobody's things, so that it is answered with the caller's own. */
  answered?: true
}

/**
 * For every call of the route table: how a stranger would ask for somebody's things with it.
 * @param theirs what the stranger has heard of, @param own what the stranger has
 */
export const probes: Record<string, (theirs: Names, own: Names) => Probe[]> = {
  'GET /v1/receiver': theirs => [
    { target: `/v1/receiver?tenant=${theirs.tenant}&agent=${theirs.agent}`, answered: true },
  ],
  'GET /r': theirs => [{ target: `/r?${theirs.link}`, answered: true }],
  'GET /console': theirs => [{ target: `/console?${theirs.link}`, answered: true }],
  'GET /r/{file}': theirs => [{ target: `/r/${theirs.link}` }, { target: `/r/${theirs.snapshot}` }],
  'POST /v1/enrolments': theirs => [{ target: '/v1/enrolments', body: { token: theirs.token } }],
  'POST /v1/agent/key': theirs => [
    { target: '/v1/agent/key', body: { agent: theirs.agent, publicKey, succession: jws, possession: jws } },
  ],
  'PUT /v1/agent/certificate': theirs => [
    { target: '/v1/agent/certificate', body: { agent: theirs.agent, certificate: jws, customerKey: publicKey } },
  ],
  'GET /v1/sources': theirs => [
    { target: `/v1/sources?tenant=${theirs.tenant}&agent=${theirs.agent}&source=${theirs.source}`, answered: true },
  ],
  'PUT /v1/sources/{name}': theirs => [
    { target: `/v1/sources/${theirs.sourceName}`, body: { engine: 'mysql' }, answered: true },
    {
      target: `/v1/sources/${theirs.sourceName}`,
      body: { engine: 'mysql', agent: theirs.agent, source: theirs.source },
      answered: true,
    },
  ],
  'GET /v1/sources/{source}/heads': theirs => [{ target: `/v1/sources/${theirs.source}/heads` }],
  'POST /v1/snapshots': (theirs, own) => [
    { target: '/v1/snapshots', body: opening(theirs.source, theirs.run) },
    { target: '/v1/snapshots', body: opening(theirs.source, own.run) },
  ],
  'DELETE /v1/snapshots/{snapshot}': (theirs, own) => [
    { target: `/v1/snapshots/${theirs.open}?lease=${theirs.lease}` },
    { target: `/v1/snapshots/${theirs.open}?lease=${own.lease}` },
    { target: `/v1/snapshots/${own.open}?lease=${theirs.lease}` },
    { target: `/v1/snapshots/${theirs.snapshot}?lease=${theirs.lease}` },
  ],
  'POST /v1/snapshots/{snapshot}/renew': leased('renew', {}),
  'POST /v1/snapshots/{snapshot}/parts': leased('parts', { parts: window }),
  'GET /v1/snapshots/{snapshot}/packs/{pack}/parts': (theirs, own) => [
    { target: `/v1/snapshots/${theirs.open}/packs/1/parts?lease=${theirs.lease}` },
    { target: `/v1/snapshots/${theirs.open}/packs/1/parts?lease=${own.lease}` },
    { target: `/v1/snapshots/${own.open}/packs/1/parts?lease=${theirs.lease}` },
    { target: `/v1/snapshots/${theirs.snapshot}/packs/1/parts?lease=${theirs.lease}` },
    { target: `/v1/snapshots/${theirs.snapshot}/packs/2/parts?lease=${theirs.lease}` },
  ],
  'POST /v1/snapshots/{snapshot}/proofs': theirs =>
    ['passed', 'failed'].map(outcome => ({
      target: `/v1/snapshots/${theirs.snapshot}/proofs`,
      body: { method: 'verify', level: 'stored', outcome },
    })),
  'POST /v1/runs': (theirs, own) => [
    { target: '/v1/runs', body: report(theirs.source, theirs.run) },
    { target: '/v1/runs', body: { ...report(theirs.source, theirs.run), snapshot: theirs.snapshot } },
    { target: '/v1/runs', body: { ...report(own.source, own.run), snapshot: theirs.snapshot } },
  ],
  'POST /v1/links': (theirs, own) => [
    { target: '/v1/links', body: { source: theirs.source, expiresSeconds: 600 } },
    { target: '/v1/links', body: { source: own.source, snapshots: [theirs.snapshot], expiresSeconds: 600 } },
  ],
  'POST /v1/snapshots/{snapshot}/packs/{pack}/complete': leased('packs/1/complete', {
    pack: packOf(1, [randomBytes(100)]),
  }),
  'POST /v1/snapshots/{snapshot}/commit': leased('commit', { manifest: jws }),
  'DELETE /v1/links/{name}': theirs => [
    { target: `/v1/links/${theirs.linkName}` },
    { target: `/v1/links/${theirs.link.slice(0, 12)}` },
  ],
  'DELETE /v1/link': theirs => [{ target: `/v1/link?link=${theirs.link}&name=${theirs.linkName}` }],
  'GET /v1/link': theirs => [{ target: `/v1/link?link=${theirs.link}` }],
  'GET /v1/link/uses': theirs => [{ target: `/v1/link/uses?link=${theirs.link}` }],
  'GET /v1/sources/{source}/timeline': theirs => [
    { target: `/v1/sources/${theirs.source}/timeline` },
    { target: `/v1/sources/${theirs.source}/timeline?before=${theirs.snapshot.slice(27)}` },
  ],
  'GET /v1/sources/{source}/plan': (theirs, own) => [
    { target: `/v1/sources/${theirs.source}/plan` },
    { target: `/v1/sources/${theirs.source}/plan?at=2026-11-22T14:05:00Z&unit=a` },
    { target: `/v1/sources/${theirs.source}/plan?snapshot=${theirs.snapshot}` },
    { target: `/v1/sources/${own.source}/plan?snapshot=${theirs.snapshot}` },
    { target: `/v1/sources/${own.source}/plan?page=${theirs.snapshot}` },
  ],
  'POST /v1/restore-manifests': (theirs, own) => [
    { target: '/v1/restore-manifests', body: { source: theirs.source } },
    { target: '/v1/restore-manifests', body: { source: theirs.source, at: '2026-11-22T14:05:00Z', units: ['a'] } },
    { target: '/v1/restore-manifests', body: { source: theirs.source, snapshot: theirs.snapshot } },
    { target: '/v1/restore-manifests', body: { source: own.source, snapshot: theirs.snapshot } },
  ],
  'GET /v1/restore-manifests/{manifest}': theirs => [
    { target: `/v1/restore-manifests/${theirs.restoreManifest}` },
    { target: `/v1/restore-manifests/${theirs.restoreManifest}?page=1` },
  ],
  'POST /v1/restore-manifests/{manifest}/urls': (theirs, own) => [
    {
      target: `/v1/restore-manifests/${theirs.restoreManifest}/urls`,
      body: { packs: [{ snapshot: theirs.snapshot, pack: 1 }] },
    },
    {
      target: `/v1/restore-manifests/${theirs.restoreManifest}/urls`,
      body: { packs: [{ snapshot: own.snapshot, pack: 1 }] },
    },
    {
      target: `/v1/restore-manifests/${own.restoreManifest}/urls`,
      body: { packs: [{ snapshot: theirs.snapshot, pack: 1 }] },
    },
  ],
}

/** A call that wants a snapshot and its lease: with theirs, with only one of the two, and on what is committed. */
function leased(path: string, body: object): (theirs: Names, own: Names) => Probe[] {
  return (theirs, own) => [
    { target: `/v1/snapshots/${theirs.open}/${path}`, body: { ...body, lease: theirs.lease } },
    { target: `/v1/snapshots/${theirs.open}/${path}`, body: { ...body, lease: own.lease } },
    { target: `/v1/snapshots/${own.open}/${path}`, body: { ...body, lease: theirs.lease } },
    { target: `/v1/snapshots/${theirs.snapshot}/${path}`, body: { ...body, lease: theirs.lease } },
  ]
}

const opening = (source: string, run: string) => ({ source, lane: 'data', kind: 'full', run, expectedBytes: 1 })
const report = (source: string, run = newUlid()) => ({
  source,
  run,
  outcome: 'failed',
  requested: 'full',
  startedAt: '2026-11-22T00:00:00Z',
})
