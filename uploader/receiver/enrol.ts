import type { z } from 'zod'
import { type EnrolRequest, EnrolResponse } from '../../shared/api/agent.ts'
import { Failure } from '../../shared/failure.ts'
import { fingerprintOf, type PrivateKey } from '../../shared/jws.ts'
import { receiverOrigin } from '../config/address.ts'
import { byProof } from './authorisation.ts'
import { type ClientOptions, ReceiverClient } from './client.ts'

/** `<url>#<receiver id>.<secret>`, as the provider hands it out. */
export interface EnrolAddress {
  url: string
  receiver: string
  token: string
}

/** @throws Failure `address-invalid`; never with the token in it */
export function parseEnrolAddress(text: string): EnrolAddress {
  const at = text.indexOf('#')
  const token = text.slice(at + 1)
  const dot = token.lastIndexOf('.')
  if (at < 0 || dot <= 0) throw invalid('it must look like https://receiver.example.net#name.secret')
  const origin = receiverOrigin(text.slice(0, at))
  if ('problem' in origin) throw invalid(origin.problem)
  return { url: origin.origin, receiver: token.slice(0, dot), token }
}

function invalid(why: string): Failure {
  return new Failure('address-invalid', 'This is not an enrolment token', {
    why,
    fix: 'Copy all of what the provider gave you, in quotes because of the #',
  })
}

/** Spends the token. The proof shows that this host holds the key that it enrols. */
export async function enrol(
  { url, receiver, token }: EnrolAddress,
  key: PrivateKey,
  request: Omit<z.input<typeof EnrolRequest>, 'token'>,
  options: Pick<ClientOptions, 'connections' | 'signal' | 'now' | 'patience'>,
): Promise<z.output<typeof EnrolResponse>> {
  const authorise = byProof(key, await fingerprintOf(key), receiver)
  const client = new ReceiverClient({ ...options, url, authorise })
  return client.call('POST', '/v1/enrolments', EnrolResponse, { ...request, token } satisfies z.input<
    typeof EnrolRequest
  >)
}
