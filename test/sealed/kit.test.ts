import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { certify, isCertified } from '../../shared/certificate.ts'
import { newSigningKey, publicKeyOf } from '../../shared/jws.ts'
import { formatKit, identitiesOf, newKit, parseKit } from '../../shared/kit.ts'
import { open } from '../../shared/sealed/open.ts'
import { seal } from '../../shared/sealed/seal.ts'
import { seed, times } from '../support/counts.ts'
import { chunksOf, collect, execute, inTemporary, openWithPrograms, text } from './support.ts'

const now = new Date('2026-11-22T10:00:00Z')
const about = { receiver: 'https://receiver.example.net', tenant: 'acme', now }

test('a kit is read back as it was written, with and without a tenant', async () => {
  for (const tenant of ['acme', null]) {
    const kit = await newKit({ ...about, tenant })
    expect(await parseKit(await formatKit(kit))).toEqual(kit)
    expect(await parseKit((await formatKit(kit)).replaceAll('\n', '\r\n'))).toEqual(kit)
  }
})

test('the kit file itself is the identity file that age takes', async () => {
  const kit = await newKit(about)
  const file = await formatKit(kit)
  const plain = text(100_000)
  const sealed = await collect(seal(chunksOf(plain), [kit.recipient]))
  expect((await openWithPrograms(sealed, file)).equals(plain)).toBe(true)
  expect((await collect(open(chunksOf(sealed), identitiesOf(file)))).equals(plain)).toBe(true)
  const recipient = await inTemporary(async directory => {
    await writeFile(join(directory, 'kit'), file)
    return (await execute('age-keygen', ['-y', join(directory, 'kit')])).stdout.trim()
  })
  expect(recipient).toBe(kit.recipient)
})

test('the customer key of a kit that was read again certifies an agent', async () => {
  const kit = await newKit(about)
  const { customerKey } = await parseKit(await formatKit(kit))
  const agent = publicKeyOf(await newSigningKey())
  const certificate = await certify(agent, customerKey, now)
  expect(await isCertified(certificate, agent, publicKeyOf(kit.customerKey))).toBe(true)
})

test('a kit tells a stranger how to open a backup without FailSafe', async () => {
  const file = await formatKit(await newKit(about))
  expect(file).toContain('age -d -i KIT FILE | zstd -d')
  expect(file).toContain('# format: failsafe.kit/1')
})

test('a changed character in any secret or field that belongs to one is refused, and no secret is shown', async () => {
  const kit = await newKit(about)
  const file = await formatKit(kit)
  const spans = [kit.identity, kit.recipient, kit.customerKey.d].map(
    value => [file.indexOf(value), value.length] as const,
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...spans),
      fc.nat(),
      fc.constantFrom('A', 'b', '7', '-'),
      async (span, n, other) => {
        // The last character of base64 holds two bits that mean nothing.
        const at = span[0] + (n % (span[1] - 1))
        fc.pre(file[at] !== other)
        const error = await parseKit(file.slice(0, at) + other + file.slice(at + 1)).catch(error => error)
        expect(error).toMatchObject({ code: 'kit-invalid', fix: expect.any(String) })
        expect(error.line).not.toContain(kit.identity.slice(20))
        expect(error.line).not.toContain(kit.customerKey.d.slice(5))
      },
    ),
    { seed, numRuns: times(500) },
  )
})

test('a kit that lacks a line names it', async () => {
  const lines = (await formatKit(await newKit(about))).split('\n')
  for (const name of ['format', 'created', 'receiver', 'recipient', 'customer-key', 'customer-fingerprint']) {
    const without = lines.filter(line => !line.startsWith(`# ${name}: `)).join('\n')
    await expect(parseKit(without)).rejects.toMatchObject({ code: 'kit-invalid', why: expect.stringContaining(name) })
  }
  const keyless = lines.filter(line => !line.startsWith('AGE')).join('\n')
  await expect(parseKit(keyless)).rejects.toMatchObject({ code: 'kit-invalid' })
  expect(() => identitiesOf(keyless)).toThrow(expect.objectContaining({ code: 'identity-invalid' }))
})

test('a plain identity file of age-keygen gives its identities', async () => {
  const { stdout } = await execute('age-keygen')
  expect(identitiesOf(stdout)).toEqual([expect.stringMatching(/^AGE-SECRET-KEY-1[0-9A-Z]+$/)])
})
