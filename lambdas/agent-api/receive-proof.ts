import { createRoute, z } from '@hono/zod-openapi'
import { ProofRequest, ProofResponse } from '../../shared/api/agent.ts'
import { SnapshotId } from '../../shared/ids.ts'
import { recordProof } from '../catalogue/proofs.ts'
import { mayTell } from '../catalogue/rates.ts'
import { tellFailedProof } from '../expectations/failed-proof.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { ownSnapshot, snapshotState } from '../http/owned.ts'
import type { AgentApp } from './app.ts'
import type { AgentApiPorts } from './ports.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/snapshots/{snapshot}/proofs',
  summary: 'The result of a verify or a drill; append only',
  request: { params: z.object({ snapshot: SnapshotId }), ...jsonBody(ProofRequest) },
  responses: { 200: jsonAnswer('Recorded', ProofResponse), default: refusal },
})

export function receiveProof(app: AgentApp, ports: AgentApiPorts): void {
  app.openapi(route, async c => {
    const { agent } = c.var
    const snapshot = await ownSnapshot(ports, agent, c.req.valid('param').snapshot)
    if (snapshot.state !== 'committed') throw snapshotState(snapshot)
    const recordedAt = ports.clock().toISOString()
    const proof = { ...c.req.valid('json'), snapshot: snapshot.snapshot, agent: agent.agent, recordedAt }
    await recordProof(ports.catalogue, snapshot, proof)
    // of one that is known to be bad the provider was told
    if (proof.outcome === 'failed' && !snapshot.bad && (await mayTell(ports.catalogue, agent.agent, ports.clock())))
      await tellFailedProof(ports, agent, snapshot, proof)
    return c.json({ recordedAt }, 200)
  })
}
