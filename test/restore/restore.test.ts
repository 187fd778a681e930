import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Failure } from '../../shared/failure.ts'
import { fingerprintOf, newSigningKey, publicKeyOf } from '../../shared/jws.ts'
import { runRestore } from '../../uploader/restore/run.ts'
import { seed, times } from '../support/counts.ts'
import { direct } from '../support/network.ts'
import { contentsOf, temporaryDirectory } from './directory.ts'
import {
  fakeEngine,
  type Keys,
  type Made,
  makeSnapshot,
  newKeys,
  noise,
  now,
  restoreOf,
  silentReporter,
  startVault,
  unitEntry,
} from './support.ts'

let keys: Keys
beforeAll(async () => {
  keys = await newKeys()
})

const files = {
  'shop/schema.sql': Buffer.from('CREATE DATABASE shop;\n'),
  'shop/orders.00001.sql': noise(300_000),
  'shop/orders.00002.sql': Buffer.alloc(500_000, 'INSERT '),
  'shop/empty.sql': Buffer.alloc(0),
  'accounts.sql': Buffer.from('CREATE USER x;\n'),
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  return work.then(
    () => expect.fail('it succeeded'),
    error => error,
  )
}

describe('a sound snapshot', () => {
  test('is laid out exactly, with a runbook beside it and nothing else', async () => {
    await using to = await temporaryDirectory()
    const made = await makeSnapshot(keys, { files })
    await using vault = await startVault([made])
    const result = await runRestore(restoreOf(made, keys, vault.receiver, to.in('out')))
    const expected = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytes.toString('latin1')]))
    expect(await contentsOf(to.in('out'))).toEqual({ ...expected, 'RESTORE.md': '# How to go on\n' })
    expect(result).toMatchObject({
      snapshots: [made.manifest.snapshot],
      files: 5,
      bytes: made.manifest.totals.sourceBytes,
      applied: false,
      runbook: to.in('out/RESTORE.md'),
    })
  })

  test('is fetched with one signature per pack', async () => {
    await using to = await temporaryDirectory()
    const made = await makeSnapshot(keys, { files })
    await using vault = await startVault([made])
    await runRestore(restoreOf(made, keys, vault.receiver, to.in('out')))
    expect(vault.signatures()).toBe(2)
  })

  test('can be laid out in part', async () => {
    await using to = await temporaryDirectory()
    const made = await makeSnapshot(keys, { files })
    await using vault = await startVault([made])
    await runRestore(restoreOf(made, keys, vault.receiver, to.in('out'), { only: 'shop/orders.*' }))
    expect(Object.keys(await contentsOf(to.in('out')))).toEqual([
      'RESTORE.md',
      'shop/orders.00001.sql',
      'shop/orders.00002.sql',
    ])
  })

  test('is laid out for single units of it', async () => {
    await using to = await temporaryDirectory()
    const made = await makeSnapshot(keys, {
      files,
      units: () => [unitEntry({ unit: 'shop' }), unitEntry({ unit: 'accounts' })],
      index: lines => lines.map(line => ({ ...line, unit: line.name.startsWith('shop/') ? 'shop' : 'accounts' })),
    })
    await using vault = await startVault([made])
    const asked: unknown[] = []
    const receiver: typeof vault.receiver = {
      ...vault.receiver,
      restoreManifest(request) {
        asked.push(request.units)
        return vault.receiver.restoreManifest(request)
      },
    }
    const wanted = { source: made.manifest.source, units: ['accounts'] }
    await runRestore(restoreOf(made, keys, receiver, to.in('out'), { wanted }))
    expect(asked).toEqual([['accounts']])
    expect(Object.keys(await contentsOf(to.in('out'))).sort()).toEqual(['RESTORE.md', 'accounts.sql'])
  })

  test('has the scripts of its engine beside the runbook', async () => {
    await using to = await temporaryDirectory()
    const made = await makeSnapshot(keys, { files })
    await using vault = await startVault([made])
    const engine = fakeEngine()
    const scripted: typeof engine = {
      ...engine,
      restore: async (...given) => ({
        ...(await engine.restore(...given)),
        files: [{ name: 'restore.sql', content: 'RESTORE DATABASE shop' }],
      }),
    }
    await runRestore(restoreOf(made, keys, vault.receiver, to.in('out'), { engineFor: async () => scripted }))
    expect(await contentsOf(to.in('out'))).toMatchObject({ 'restore.sql': 'RESTORE DATABASE shop' })
  })

  test('with no artefact that matches says so and leaves nothing', async () => {
    await using to = await temporaryDirectory()
    const made = await makeSnapshot(keys, { files })
    await using vault = await startVault([made])
    const failure = await failureOf(runRestore(restoreOf(made, keys, vault.receiver, to.in('out'), { only: 'none/*' })))
    expect(failure.code).toBe('nothing-matches')
    expect(await readdir(to.path)).toEqual([])
  })

  test('can be applied in part, and then the logs come along', async () => {
    await using to = await temporaryDirectory()
    const made = await makeSnapshot(keys, {
      files: { ...files, 'binlog.000001': noise(1000) },
      index: lines => lines.map(line => (line.name.startsWith('binlog') ? { ...line, role: 'log' } : line)),
    })
    await using vault = await startVault([made])
    const engine = fakeEngine()
    const apply = { target: 'mysql://root@127.0.0.1' }
    const part = { only: 'shop/orders.*', engineFor: async () => engine }
    await runRestore(restoreOf(made, keys, vault.receiver, to.in('out'), { ...part, apply }))
    await runRestore(restoreOf(made, keys, vault.receiver, to.in('files'), part))
    const orders = ['shop/orders.00001.sql', 'shop/orders.00002.sql']
    expect(engine.inputs.map(input => [input.only, input.files.map(({ name }) => name).sort()])).toEqual([
      ['shop/orders.*', ['binlog.000001', ...orders]],
      ['shop/orders.*', ['binlog.000001', ...orders]],
      ['shop/orders.*', orders],
    ])
  })

  test('is looked at for the runbook before its files are in place, and applied only after', async () => {
    await using to = await temporaryDirectory()
    const made = await makeSnapshot(keys, { files })
    await using vault = await startVault([made])
    const engine = fakeEngine()
    const present: string[][] = []
    const placed: string[][] = []
    const restore = engine.restore.bind(engine)
    engine.restore = async (input, context) => {
      present.push(Object.keys(await contentsOf(input.directory)))
      placed.push((await readdir(to.in('out'))).filter(name => !name.startsWith('.')))
      return restore(input, context)
    }
    const apply = { target: 'mysql://root@127.0.0.1' }
    const result = await runRestore(
      restoreOf(made, keys, vault.receiver, to.in('out'), { apply, engineFor: async () => engine }),
    )
    expect(result.applied).toBe(true)
    expect(engine.inputs.map(input => input.apply)).toEqual([undefined, apply])
    for (const each of present) expect(each).toContain('shop/orders.00001.sql')
    expect(placed[0]).toEqual([])
    expect(placed[1]).toContain('shop')
  })

  test('that a full disk elsewhere keeps from being applied is said of that disk, and stays laid out', async () => {
    await using to = await temporaryDirectory()
    const made = await makeSnapshot(keys, { files })
    await using vault = await startVault([made])
    const engine = fakeEngine()
    const restore = engine.restore.bind(engine)
    const full = Object.assign(
      new Error("ENOSPC: no space left on device, copyfile '/srv/out/a.bak' -> '/mnt/exchange/a.bak'"),
      { code: 'ENOSPC', syscall: 'copyfile' },
    )
    engine.restore = (input, context) => (input.apply ? Promise.reject(full) : restore(input, context))
    const failure = await failureOf(
      runRestore(
        restoreOf(made, keys, vault.receiver, to.in('out'), {
          apply: { target: 'sqlserver://sa@127.0.0.1' },
          engineFor: async () => engine,
        }),
      ),
    )
    expect(failure.code).toBe('restore-not-applied')
    expect(failure.line).toContain('/mnt/exchange/a.bak')
    expect(failure.fix).toContain(to.in('out/RESTORE.md'))
    expect(await readdir(to.in('out'))).toContain('shop')
  })
})

describe('tampering', () => {
  /** Nothing on disk, nothing applied, exit code 1, and the broken thing has a name. */
  async function expectRefused(made: Made, codes: string[], change: Partial<Parameters<typeof restoreOf>[4]> = {}) {
    await using to = await temporaryDirectory()
    await using vault = await startVault([made])
    const engine = fakeEngine()
    const apply = { target: 'mysql://root@127.0.0.1' }
    const request = restoreOf(made, keys, vault.receiver, to.in('out'), {
      apply,
      engineFor: async () => engine,
      ...change,
    })
    const failure = await failureOf(runRestore(request))
    expect(codes, failure.line).toContain(failure.code)
    expect(await readdir(to.path)).toEqual([])
    expect(engine.inputs).toEqual([])
    return failure
  }

  test('one flipped bit anywhere in the packs is found, and nothing is written or applied', async () => {
    const sound = await makeSnapshot(keys, { files })
    const total = sound.packs.get(1)!.length + sound.packs.get(2)!.length
    await fc.assert(
      fc.asyncProperty(fc.nat(total - 1), fc.nat(7), async (at, bit) => {
        const packs = new Map([...sound.packs].map(([n, bytes]) => [n, Buffer.from(bytes)]))
        const [first, second] = [packs.get(1)!, packs.get(2)!]
        const pack = at < first.length ? first : second
        pack[at < first.length ? at : at - first.length]! ^= 1 << bit
        const failure = await expectRefused({ ...sound, packs }, ['artefact-damaged', 'index-damaged', 'units-damaged'])
        const place = at < first.length ? { pack: 1, at } : { pack: 2, at: at - first.length }
        const line = sound.lines.find(
          ({ extents: [e] }) => e!.pack === place.pack && place.at >= e!.offset && place.at < e!.offset + e!.length,
        )
        if (line) expect(failure.message).toContain(line.name)
      }),
      { seed, numRuns: times(200) },
    )
  })

  test('every flipped bit in the header of an artefact is found as the damage of that artefact', async () => {
    const sound = await makeSnapshot(keys, { files: { 'a.sql': Buffer.from('x') } })
    await fc.assert(
      fc.asyncProperty(fc.nat(170), fc.nat(7), async (at, bit) => {
        const first = Buffer.from(sound.packs.get(1)!)
        first[at]! ^= 1 << bit
        const failure = await expectRefused({ ...sound, packs: new Map([[1, first]]) }, ['artefact-damaged'])
        expect(failure.message).toContain('a.sql')
      }),
      { seed, numRuns: times(200) },
    )
  })

  test('a truncated pack is found', async () => {
    const made = await makeSnapshot(keys, { files })
    made.packs.set(2, made.packs.get(2)!.subarray(0, -1))
    const failure = await expectRefused(made, ['artefact-damaged'])
    expect(failure.why).toContain('manifest says')
  })

  test('a pack that is gone is found', async () => {
    const made = await makeSnapshot(keys, { files })
    made.packs.delete(2)
    expect((await expectRefused(made, ['artefact-damaged'])).why).toContain('no longer in the vault')
  })

  test('two artefacts that change places are found', async () => {
    const made = await makeSnapshot(keys, {
      files,
      index: ([a, b, ...rest]) => [{ ...a!, extents: b!.extents, sealedSize: b!.sealedSize }, b!, ...rest],
    })
    await expectRefused(made, ['artefact-damaged'])
  })

  test('content that is longer than the index says ends at once', async () => {
    const made = await makeSnapshot(keys, {
      files,
      index: lines => lines.map(line => ({ ...line, size: Math.min(10, line.size) })),
    })
    expect((await expectRefused(made, ['artefact-damaged'])).why).toContain('longer')
  })

  test('an index that lists fewer artefacts than the manifest is refused', async () => {
    const made = await makeSnapshot(keys, {
      files,
      manifest: manifest => ({ ...manifest, totals: { ...manifest.totals, artefacts: 6 } }),
    })
    await expectRefused(made, ['index-damaged'])
  })

  test('the manifest of another snapshot is refused', async () => {
    const [made, other] = [await makeSnapshot(keys, { files }), await makeSnapshot(keys, { files })]
    await expectRefused({ ...made, entry: { ...made.entry, manifest: other.entry.manifest } }, ['manifest-damaged'])
  })

  test('a manifest that was changed after it was signed is refused', async () => {
    const made = await makeSnapshot(keys, { files })
    const [head, body, signature] = made.entry.manifest.split('.') as [string, string, string]
    const changed = Buffer.from(body, 'base64url').toString().replace('"full"', '"log"')
    const manifest = [head, Buffer.from(changed).toString('base64url'), signature].join('.')
    await expectRefused({ ...made, entry: { ...made.entry, manifest } }, ['manifest-damaged'])
  })

  test('a foreign signature is refused and its fingerprint is shown', async () => {
    const stranger = { ...keys, agentKey: await newSigningKey(), customerKey: await newSigningKey() }
    const made = await makeSnapshot(stranger, { files })
    const failure = await expectRefused(made, ['agent-untrusted'])
    expect(failure.line).toContain(await fingerprintOf(stranger.agentKey))
  })

  test('a certificate for another key is no certificate', async () => {
    const stranger = { ...keys, agentKey: await newSigningKey() }
    const [made, sound] = [await makeSnapshot(stranger, { files }), await makeSnapshot(keys, { files })]
    await expectRefused({ ...made, entry: { ...made.entry, certificate: sound.entry.certificate } }, [
      'agent-untrusted',
    ])
  })

  test('a snapshot of another source is refused, although it is soundly signed', async () => {
    const made = await makeSnapshot(keys, { files })
    const { source } = (await makeSnapshot(keys, { files })).manifest
    await expectRefused(made, ['manifest-damaged'], { wanted: { source } })
  })

  test('the wrong identity says that it does not open this backup', async () => {
    const { identity } = await newKeys()
    await expectRefused(await makeSnapshot(keys, { files }), ['identity-does-not-open'], { identities: [identity] })
  })

  test('the kit of somebody else is told so, and which one is wanted, before anything is fetched', async () => {
    await using to = await temporaryDirectory()
    const other = await newKeys()
    const made = await makeSnapshot(keys, { files })
    await using vault = await startVault([made])
    const trust = { customerKeys: [publicKeyOf(other.customerKey)], fingerprints: new Set<string>() }
    const request = restoreOf(made, other, vault.receiver, to.in('out'), { trust })
    const failure = await failureOf(runRestore(request))
    expect(failure.code).toBe('identity-does-not-open')
    expect(failure.line).toContain(keys.recipient)
    expect(failure.line).toContain(other.recipient)
    expect([vault.requests, vault.signatures()]).toEqual([[], 0])
  })

  test('a stranger who seals to the right kit is a stranger all the same', async () => {
    const stranger = { ...keys, agentKey: await newSigningKey(), customerKey: await newSigningKey() }
    const [made, other] = [await makeSnapshot(stranger, { files }), await newKeys()]
    await expectRefused(made, ['agent-untrusted'], { identities: [keys.identity, other.identity] })
  })

  test('a manifest that was changed is damaged, whatever recipients it then names', async () => {
    const other = await newKeys()
    const made = await makeSnapshot(keys, { files })
    const [head, body, signature] = made.entry.manifest.split('.') as [string, string, string]
    const changed = Buffer.from(body, 'base64url').toString().replace(keys.recipient, other.recipient)
    const manifest = [head, Buffer.from(changed).toString('base64url'), signature].join('.')
    await expectRefused({ ...made, entry: { ...made.entry, manifest } }, ['manifest-damaged'])
  })

  test('an extent outside of its pack is refused', async () => {
    const made = await makeSnapshot(keys, {
      files,
      index: lines => lines.map(line => ({ ...line, extents: [{ ...line.extents[0]!, offset: 10_000_000 }] })),
    })
    await expectRefused(made, ['artefact-damaged'])
  })
})

test('an agent that nobody certified is believed when its fingerprint is named', async () => {
  await using to = await temporaryDirectory()
  const made = await makeSnapshot({ ...keys, customerKey: await newSigningKey() }, { files })
  await using vault = await startVault([made])
  const trust = {
    customerKeys: [publicKeyOf(keys.customerKey)],
    fingerprints: new Set([await fingerprintOf(keys.agentKey)]),
  }
  const result = await runRestore(restoreOf(made, keys, vault.receiver, to.in('out'), { trust }))
  expect(result.files).toBe(5)
})

describe('a chain of snapshots', () => {
  const minutes = (n: number) => new Date(now.getTime() + n * 60_000)
  const log = (from: string, to: string, at: number) =>
    unitEntry({
      kind: 'log',
      from: { stream: 's1', at: from },
      to: { stream: 's1', at: to },
      covers: { from: minutes(at - 10).toISOString(), to: minutes(at).toISOString() },
    })
  async function chain(second = log('0001', '0002', 10)) {
    const full = await makeSnapshot(keys, { files })
    const logs = await makeSnapshot(keys, {
      files: { 'binlog.sql': Buffer.from('x') },
      source: full.manifest.source,
      kind: 'log',
      units: () => [second],
      receivedAt: minutes(11),
    })
    return [full, logs] as const
  }

  test('is laid out in a folder per snapshot, in the order it is applied', async () => {
    await using to = await temporaryDirectory()
    const [full, logs] = await chain()
    await using vault = await startVault([full, logs])
    const result = await runRestore(restoreOf(full, keys, vault.receiver, to.in('out')))
    expect(result.snapshots).toEqual([full.manifest.snapshot, logs.manifest.snapshot])
    expect(Object.keys(await contentsOf(to.in('out')))).toContain('0002-log/binlog.sql')
  })

  test('with a gap in its positions is refused', async () => {
    await using to = await temporaryDirectory()
    const [full, logs] = await chain(log('0003', '0004', 10))
    await using vault = await startVault([full, logs])
    const failure = await failureOf(runRestore(restoreOf(full, keys, vault.receiver, to.in('out'))))
    expect(failure.code).toBe('chain-damaged')
  })

  test('without the snapshot that was asked for is refused', async () => {
    await using to = await temporaryDirectory()
    const [full, logs] = await chain()
    await using vault = await startVault([full])
    const wanted = { source: full.manifest.source, snapshot: logs.manifest.snapshot }
    const failure = await failureOf(runRestore(restoreOf(full, keys, vault.receiver, to.in('out'), { wanted })))
    expect(failure.code).toBe('chain-damaged')
  })
})

describe('what is already there', () => {
  test('is never written over: the file is named and everything stays as it was', async () => {
    await using to = await temporaryDirectory()
    const made = await makeSnapshot(keys, { files })
    await using vault = await startVault([made])
    await mkdir(to.in('shop'))
    await writeFile(to.in('shop/orders.00002.sql'), 'mine')
    const failure = await failureOf(runRestore(restoreOf(made, keys, vault.receiver, to.path)))
    expect(failure.code).toBe('restore-exists')
    expect(failure.message).toContain('shop/orders.00002.sql')
    expect(await contentsOf(to.path)).toEqual({ 'shop/orders.00002.sql': 'mine' })
  })

  test('is not followed when it is a symbolic link', async () => {
    await using to = await temporaryDirectory()
    await using elsewhere = await temporaryDirectory()
    const made = await makeSnapshot(keys, { files })
    await using vault = await startVault([made])
    await symlink(elsewhere.path, to.in('shop'))
    expect((await failureOf(runRestore(restoreOf(made, keys, vault.receiver, to.path)))).code).toBe('restore-exists')
    expect(await readdir(elsewhere.path)).toEqual([])
  })

  test('stays beside restored files of other names', async () => {
    await using to = await temporaryDirectory()
    const made = await makeSnapshot(keys, { files })
    await using vault = await startVault([made])
    await mkdir(to.in('shop'))
    await writeFile(to.in('shop/notes.txt'), 'mine')
    await runRestore(restoreOf(made, keys, vault.receiver, to.path))
    expect(await contentsOf(to.path)).toMatchObject({ 'shop/notes.txt': 'mine', 'accounts.sql': 'CREATE USER x;\n' })
  })

  test('from a killed restore is mentioned', async () => {
    await using to = await temporaryDirectory()
    const made = await makeSnapshot(keys, { files })
    await using vault = await startVault([made])
    await mkdir(to.in('.failsafe-partial-old'))
    const reporter = silentReporter()
    const result = await runRestore(restoreOf(made, keys, vault.receiver, to.path, { reporter }))
    expect(reporter.warnings).toEqual(['partial-left'])
    expect(result.warnings[0]!.message).toContain('.failsafe-partial-old')
  })
})

test('a directory that cannot be written is said before anything is asked of the receiver', async () => {
  const made = await makeSnapshot(keys, { files })
  await using vault = await startVault([made])
  const failure = await failureOf(runRestore(restoreOf(made, keys, vault.receiver, '/proc/restored')))
  expect(failure.code).toBe('restore-unwritable')
  expect(failure.message).toContain('/proc/restored')
  expect(vault.requests).toEqual([])
})

test('a backup that does not fit is refused before its artefacts are downloaded', async () => {
  await using to = await temporaryDirectory()
  const made = await makeSnapshot(keys, { files, index: lines => lines.map(line => ({ ...line, size: 2 ** 50 })) })
  await using vault = await startVault([made])
  expect((await failureOf(runRestore(restoreOf(made, keys, vault.receiver, to.in('out'))))).code).toBe(
    'restore-no-space',
  )
  expect(vault.requests.length).toBe(2)
})

test('an interrupted restore leaves nothing behind', async () => {
  await using to = await temporaryDirectory()
  const made = await makeSnapshot(keys, { files })
  const interrupt = new AbortController()
  await using vault = await startVault([made], {
    fault: ({ served }) => {
      if (served === 4) interrupt.abort()
      return undefined
    },
  })
  const connections = direct.connections(3)
  const reading = { connections, signal: interrupt.signal, sleep: async () => {}, random: () => 0 }
  await expect(runRestore(restoreOf(made, keys, vault.receiver, join(to.path, 'a/b'), { reading }))).rejects.toThrow()
  expect(await readdir(to.path)).toEqual([])
})
