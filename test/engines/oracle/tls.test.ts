import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { oracle as engine } from '../../../uploader/engines/oracle/engine.ts'
import { type Certificate, newAuthority } from '../../network/certificates.ts'
import { failureOf } from '../mysql/harness.ts'
import { writer } from './samples.ts'
import { chain, server, source, start } from './started.ts'

let authority: Awaited<ReturnType<typeof newAuthority>>
let stranger: Awaited<ReturnType<typeof newAuthority>>
let certificate: Certificate
beforeAll(async () => {
  authority = await newAuthority('a company')
  stranger = await newAuthority('another one')
  certificate = await authority.issue(['DNS:localhost', 'IP:127.0.0.1'])
})
afterAll(async () => {
  await authority[Symbol.asyncDispose]()
  await stranger[Symbol.asyncDispose]()
})

async function startTls(tls: object | undefined, options: { of?: Certificate; files?: string } = {}): Promise<void> {
  await start({ tls: options.of ?? certificate })
  await source({ connection: { ...(tls && { tls }) }, files: options.files ?? 'local' })
}

const inspected = () => failureOf(engine.inspect(chain.settings, new AbortController().signal))

/** A wallet with what is written into it. */
async function wallet(content: string): Promise<{ wallet: string }> {
  await writeFile(join(server.database.directory, 'ewallet.pem'), content)
  return { wallet: server.database.directory }
}

describe('a listener that speaks TCPS', () => {
  it.each(['local', 'remote'])('is trusted by its private authority: a full and a log, read %s', async files => {
    await startTls({ caFile: authority.file }, { files })
    const { write } = writer(server)
    write()
    await chain.take('full', { onChunk: () => void write() })
    write()
    expect(await chain.take('log')).toMatchObject({ promoted: undefined, plan: { kind: 'log' } })
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
    expect(await engine.checkRights!(chain.settings, new AbortController().signal)).toEqual([])
  })

  it('is trusted by a wallet of authorities alone, and by one with a certificate of ours', async () => {
    await startTls({ caFile: authority.file })
    const ca = await readFile(authority.file, 'utf8')
    const ours = await authority.issue(['DNS:agent'])
    for (const content of [ca, `${ours.cert}${ours.key}`]) {
      await source({ connection: { tls: await wallet(content) } })
      await engine.inspect(chain.settings, new AbortController().signal)
    }
  })

  it.each<[string, () => object]>([
    ['another authority', () => ({ caFile: stranger.file })],
    ['those of the program', () => ({})],
  ])('is not trusted by %s, and the failure says what to set', async (_, tls) => {
    await startTls(tls())
    expect(await inspected()).toMatch(/^oracle-tls: .*certificate.*connection\.tls\.caFile/)
  })

  it('is not trusted under a name that its certificate has not', async () => {
    await startTls({ caFile: authority.file }, { of: await authority.issue(['DNS:db.example.net']) })
    expect(await inspected()).toMatch(/^oracle-tls: .*not present in certificate.*connection\.host/)
  })

  it('is not understood by who does not speak it', async () => {
    await startTls(undefined)
    expect(await inspected()).toMatch(/^oracle-unreachable: /)
  })
})

describe('the file that TLS is to trust', () => {
  it.each([
    ['is not there', null, /ENOENT/],
    ['holds no certificate', 'nothing', /no certificate/],
    [
      'has a key with a password',
      '-----BEGIN CERTIFICATE-----\n-----BEGIN ENCRYPTED PRIVATE KEY-----\n',
      /has a password/,
    ],
  ])('and %s is named', async (_, content, why) => {
    await start()
    const at = content === null ? { wallet: '/nowhere' } : await wallet(content)
    await source({ connection: { tls: at } })
    const failure = await inspected()
    expect(failure).toMatch(/^oracle-tls: .*ewallet\.pem cannot be used.*connection\.tls\.wallet/)
    expect(failure).toMatch(why)
  })

  it('is one of the two', () => {
    const tls = { caFile: '/a', wallet: '/b' }
    const { error } = engine.settings.safeParse({ connection: { user: 'u', service: 'shop', tls }, directory: '/u02' })
    expect(error?.issues.map(({ message }) => message)).toEqual(['give either caFile or wallet'])
  })
})
