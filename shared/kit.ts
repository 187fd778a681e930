import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { base64url } from 'jose'
import { z } from 'zod'
import { Failure } from './failure.ts'
import { fingerprintOf, newSigningKey, PrivateKey } from './jws.ts'

const format = 'failsafe.kit/1'

/** What the customer keeps off the host: the only thing that opens the backups, and the key that vouches for agents. */
export interface Kit {
  created: string
  /** The receiver's address when the kit was made. */
  receiver: string
  tenant: string | null
  /** `AGE-SECRET-KEY-1…` */
  identity: string
  recipient: string
  customerKey: PrivateKey
}

export async function newKit(about: { receiver: string; tenant: string | null; now: Date }): Promise<Kit> {
  const identity = await generateX25519Identity()
  return {
    created: about.now.toISOString(),
    receiver: about.receiver,
    tenant: about.tenant,
    identity,
    recipient: await identityToRecipient(identity),
    customerKey: await newSigningKey(),
  }
}

/** The kit as a text file, which is an identity file of age as well. */
export async function formatKit(kit: Kit): Promise<string> {
  const fields = {
    format,
    created: kit.created,
    receiver: kit.receiver,
    ...(kit.tenant === null ? {} : { tenant: kit.tenant }),
    recipient: kit.recipient,
    'customer-key': kit.customerKey.d,
    'customer-fingerprint': await fingerprintOf(kit.customerKey),
  }
  const lines = [
    '# FailSafe Online Backup: recovery kit',
    '#',
    '# This file opens every backup that was sealed to it. Without it nobody can, the provider included.',
    '# Keep two copies, on paper or on a stick, in two places, where only people may read them who may read all',
    '# your data. Do not keep it on the server that is backed up, in a mailbox or with the provider.',
    '#',
    '# It works without FailSafe too. With the free programs age and zstd:',
    '#   age -d -i KIT FILE | zstd -d > CONTENT',
    '#',
    ...Object.entries(fields).map(([name, value]) => `# ${name}: ${value}`),
    kit.identity,
  ]
  return `${lines.join('\n')}\n`
}

const Fields = z.object({
  format: z.literal(format),
  created: z.iso.datetime(),
  receiver: z.url(),
  tenant: z.string().min(1).optional(),
  recipient: z.string(),
  'customer-key': z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  'customer-fingerprint': z.string(),
})

/** @throws Failure `kit-invalid`, which names the line that is wrong and shows no secret */
export async function parseKit(text: string): Promise<Kit> {
  const lines = text.split(/\r?\n/)
  const named = lines.flatMap(line => line.match(/^# ([a-z-]+): (.*\S)\s*$/)?.slice(1, 3) ?? [])
  const pairs = Object.fromEntries(named.flatMap((name, i) => (i % 2 === 0 ? [[name, named[i + 1]]] : [])))
  const fields = Fields.safeParse(pairs)
  if (!fields.success) throw invalid(`its line "# ${String(fields.error.issues[0]?.path[0])}: …" is missing or damaged`)
  const identities = secretKeys(lines)
  if (identities.length !== 1) throw invalid('it must have exactly one line that begins with AGE-SECRET-KEY-1')
  const [identity] = identities as [string]
  const recipient = await identityToRecipient(identity).catch(() => undefined)
  if (recipient !== fields.data.recipient) throw invalid('its secret key does not belong to its recipient')
  const customerKey = await signingKeyOf(fields.data['customer-key'])
  if ((await fingerprintOf(customerKey)) !== fields.data['customer-fingerprint'])
    throw invalid('its customer key does not belong to its fingerprint')
  const { created, receiver, tenant } = fields.data
  return { created, receiver, tenant: tenant ?? null, identity, recipient, customerKey }
}

/**
 * The secret keys of a recovery kit or of any identity file of age.
 * @throws Failure `identity-invalid`
 */
export function identitiesOf(text: string): string[] {
  const identities = secretKeys(text.split(/\r?\n/))
  if (identities.length === 0)
    throw new Failure('identity-invalid', 'This is neither a recovery kit nor an identity file of age', {
      why: 'it has no line that begins with AGE-SECRET-KEY-1',
      fix: 'Give the file that was written when the first server was enrolled',
    })
  return identities
}

const secretKeys = (lines: string[]) => lines.map(line => line.trim()).filter(line => /^AGE-SECRET-KEY-/i.test(line))

function invalid(why: string): Failure {
  return new Failure('kit-invalid', 'The recovery kit is damaged', { why, fix: 'Use another copy of the kit' })
}

/** What stands before the 32 secret bytes of an Ed25519 key in PKCS #8. */
const pkcs8 = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]

/** By the Web's own crypto, because the restore page reads kits too. */
async function signingKeyOf(secret: string): Promise<PrivateKey> {
  const der = new Uint8Array([...pkcs8, ...base64url.decode(secret)])
  const key = await crypto.subtle.importKey('pkcs8', der, 'Ed25519', true, ['sign'])
  return PrivateKey.parse({ ...(await crypto.subtle.exportKey('jwk', key)), d: secret })
}
