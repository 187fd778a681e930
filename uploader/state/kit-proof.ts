import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { SnapshotId } from '../../shared/ids.ts'
import { writeDurably } from '../files/write.ts'
import type { AgentState } from './agent.ts'

/** That the customer's recovery kit, or an identity, has opened a snapshot on this host once, and to whom the host sealed then. */
const KitProof = z.object({ snapshot: SnapshotId, at: z.iso.datetime(), recipients: z.array(z.string()) })
type KitProof = z.infer<typeof KitProof>

const pathIn = (state: string) => join(state, 'kit-proof.json')

export async function rememberKitProof(
  state: string,
  { recipients }: Pick<AgentState, 'recipients'>,
  snapshot: SnapshotId,
  now: Date,
): Promise<void> {
  const proof: KitProof = { snapshot, at: now.toISOString(), recipients }
  await writeDurably(pathIn(state), `${JSON.stringify(proof)}\n`)
}

/** False, too, where the host has sealed to others since, or where what is there cannot be read: then it is to be proven again. */
export async function isKitProven(state: string, { recipients }: Pick<AgentState, 'recipients'>): Promise<boolean> {
  const text = await readFile(pathIn(state), 'utf8').catch(error => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const proof = KitProof.safeParse(jsonOf(text)).data
  return proof !== undefined && recipients.every(recipient => proof.recipients.includes(recipient))
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
