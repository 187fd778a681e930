import { beforeAll, describe, expect, it } from 'vitest'
import { certify } from '../../shared/certificate.ts'
import { newUlid } from '../../shared/ids.ts'
import { fingerprintOf, newSigningKey, type PrivateKey, publicKeyOf } from '../../shared/jws.ts'
import { type RestoreEntry, type Trust, verifiedManifest } from '../../shared/restore/trust.ts'
import { handOver } from '../../shared/succession.ts'
import { type Keys, type Made, makeSnapshot, newKeys, now } from './support.ts'

let keys: Keys
let made: Made
/** old → middle → the key that signed. */
let [old, middle]: PrivateKey[] = []
let line: string[]
beforeAll(async () => {
  keys = await newKeys()
  ;[old, middle] = [await newSigningKey(), await newSigningKey()]
  made = await makeSnapshot(keys, { files: { a: Buffer.from('x') } })
  line = await lineOf(made.manifest.agent, old, middle, keys.agentKey)
})

async function lineOf(agent: string, ...line: PrivateKey[]): Promise<string[]> {
  const links = line.slice(1).map((key, i) => handOver(agent, line[i]!, key, now))
  return (await Promise.all(links)).map(({ succession }) => succession)
}
const certificateOf = (key: PrivateKey, customer = keys.customerKey) => certify(publicKeyOf(key), customer, now)
const byKit = (): Trust => ({ customerKeys: [publicKeyOf(keys.customerKey)], fingerprints: new Set() })
const byFingerprint = async (key: PrivateKey): Promise<Trust> => ({
  customerKeys: [],
  fingerprints: new Set([await fingerprintOf(key)]),
})
const restored = (change: Partial<RestoreEntry>, trust: Trust) =>
  verifiedManifest({ ...made.entry, certificate: null, ...change }, made.manifest.source, trust)

describe('a new key of a trusted one is believed without --trust', () => {
  it('where the customer key certified any key that it descends from', async () => {
    for (const key of [old!, middle!, keys.agentKey])
      expect(await restored({ succession: line, certificate: await certificateOf(key) }, byKit())).toEqual(
        made.manifest,
      )
  })

  it('where a person or the kit named one of those keys', async () => {
    for (const key of [old!, middle!, keys.agentKey])
      expect(await restored({ succession: line }, await byFingerprint(key))).toEqual(made.manifest)
  })

  it('also when only a part of the line, from a trusted key on, is there', async () => {
    expect(await restored({ succession: line.slice(1) }, await byFingerprint(middle!))).toEqual(made.manifest)
  })
})

describe('nobody else can vouch for a key:', () => {
  const untrusted = { code: 'agent-untrusted' }

  it('a stranger who signs the succession to it', async () => {
    const stranger = await newSigningKey()
    const agent = made.manifest.agent
    const forged = [
      await lineOf(agent, stranger, keys.agentKey),
      [line[0]!, ...(await lineOf(agent, stranger, keys.agentKey))],
      await lineOf(`acme.${newUlid()}`, old!, middle!, keys.agentKey),
      [...line].reverse(),
      line.slice(0, 1),
      [line[0]!, line[0]!, line[1]!],
      ['not.a.jws'],
    ]
    for (const succession of forged) {
      const certificate = await certificateOf(old!)
      await expect(restored({ succession, certificate }, byKit())).rejects.toMatchObject(untrusted)
      await expect(restored({ succession }, await byFingerprint(old!))).rejects.toMatchObject(untrusted)
    }
  })

  it('a customer key that is not the one of the kit, and a key further down the line', async () => {
    const certificate = await certificateOf(old!, await newSigningKey())
    await expect(restored({ succession: line, certificate }, byKit())).rejects.toMatchObject(untrusted)
    const later = await newSigningKey()
    const longer = [...line, ...(await lineOf(made.manifest.agent, keys.agentKey, later))]
    await expect(restored({ succession: longer }, await byFingerprint(later))).rejects.toMatchObject(untrusted)
  })

  it('a broken line; but a key that is trusted itself needs none', async () => {
    const error = await restored({ succession: [line[1]!, line[0]!] }, byKit()).catch(error => error)
    expect(error).toMatchObject(untrusted)
    expect(error.line).toContain('is broken')
    expect(error.line).toContain(`--trust ${await fingerprintOf(keys.agentKey)}`)
    const named = await byFingerprint(keys.agentKey)
    expect(await restored({ succession: ['not.a.jws'] }, named)).toEqual(made.manifest)
  })
})
