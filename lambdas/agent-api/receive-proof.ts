import { createRoute, z } from '@hono/zod-openapi'
import { ProofRequest, ProofResponse } from '../../shared/api/agent.ts'
import { SnapshotId } from '../../shared/ids.ts'
import type { Agent } from '../catalogue/agents.ts'
import { type Proof, recordProof } from '../catalogue/proofs.ts'
import type { Committed } from '../catalogue/snapshots.ts'
import { isRefused } from '../catalogue/table.ts'
import { tellProof } from '../expectations/tell-proof.ts'
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

/** Each attempt after the first means that another proof of the snapshot, or its tombstone, was faster. */
const attempts = 5

export function receiveProof(app: AgentApp, ports: AgentApiPorts): void {
  app.openapi(route, async c => {
    const { agent } = c.var
    const recordedAt = ports.clock().toISOString()
    const proof: Proof = { ...c.req.valid('json'), agent: agent.agent, recordedAt }
    const snapshot = await record(agent, c.req.valid('param').snapshot, proof)
    await tellProof(ports, agent, snapshot, proof)
    return c.json({ recordedAt }, 200)
  })

  /** @returns the snapshot as it was before */
  async function record(agent: Agent, id: SnapshotId, proof: Proof): Promise<Committed> {
    for (let attempt = 1; ; attempt++) {
      const snapshot = await ownSnapshot(ports, agent, id)
      if (snapshot.state !== 'committed') throw snapshotState(snapshot)
      try {
        await recordProof(ports.catalogue, snapshot, proof)
        return snapshot
      } catch (error) {
        if (!isRefused(error) || attempt >= attempts) throw error
      }
    }
  }
}
