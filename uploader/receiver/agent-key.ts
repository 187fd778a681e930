import type { z } from 'zod'
import { CertificateResponse, type RotateRequest, RotateResponse } from '../../shared/api/agent.ts'
import type { PrivateKey, PublicKey } from '../../shared/jws.ts'
import type { AgentState } from '../state/agent.ts'
import { byProof } from './authorisation.ts'
import { type ClientOptions, ReceiverClient } from './client.ts'

/** The calls that change what the receiver knows of this host's key. */
export interface KeyReceiver {
  /** @param signer the key that proves the request */
  rotate(request: z.input<typeof RotateRequest>, signer: PrivateKey): Promise<void>
  certify(certificate: string, customerKey: PublicKey, signer: PrivateKey): Promise<void>
}

export function keyReceiver(
  { agent, receiver }: Pick<AgentState, 'agent' | 'receiver'>,
  options: Omit<ClientOptions, 'authorise' | 'refresh'>,
): KeyReceiver {
  const clientFor = (key: PrivateKey) => new ReceiverClient({ ...options, authorise: byProof(key, agent, receiver.id) })
  return {
    async rotate(request, signer) {
      await clientFor(signer).call('POST', '/v1/agent/key', RotateResponse, request)
    },
    async certify(certificate, customerKey, signer) {
      const request = { certificate, customerKey }
      await clientFor(signer).call('PUT', '/v1/agent/certificate', CertificateResponse, request)
    },
  }
}
