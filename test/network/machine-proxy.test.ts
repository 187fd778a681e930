import { writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { readMachineProxy } from '../../uploader/network/machine-proxy.ts'
import { readProxies } from '../../uploader/network/proxy.ts'
import { temporaryDirectory } from '../uploader/directory.ts'

const { signal } = new AbortController()

/** As `netsh winhttp set proxy` leaves it. */
function settings(servers: string, except = '', flags = 3): string {
  const text = (value: string) => [word(value.length), Buffer.from(value, 'latin1')]
  return Buffer.concat([word(0x18), word(0), word(flags), ...text(servers), ...text(except)])
    .toString('hex')
    .toUpperCase()
}
function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** A stand-in for reg.exe that prints what Windows prints. */
async function machine(hex: string | undefined, code = 0) {
  const directory = await temporaryDirectory()
  const key = String.raw`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections`
  const printed = hex === undefined ? '' : `\r\n${key}\r\n    WinHttpSettings    REG_BINARY    ${hex}\r\n\r\n`
  const asked = ['query', key.replace('HKEY_LOCAL_MACHINE', 'HKLM'), '/v', 'WinHttpSettings']
  await writeFile(
    directory.in('reg.mjs'),
    `if (JSON.stringify(process.argv.slice(2)) !== ${JSON.stringify(JSON.stringify(asked))}) process.exit(9)
     process.stdout.write(${JSON.stringify(printed)})
     process.exitCode = ${code}`,
  )
  const read = () => readMachineProxy(signal, [process.execPath, directory.in('reg.mjs')])
  return {
    read,
    proxyTo: async (url: string, env: NodeJS.ProcessEnv = {}) =>
      (await readProxies(undefined, env, signal, read))(new URL(url))?.name,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

describe('the proxy that Windows has for its services', () => {
  test('leads to the receiver, but for what it excepts', async () => {
    await using windows = await machine(settings('proxy.example.net:8080', '<local>;*.example.org;192.168.*;*corp*'))
    expect(await windows.proxyTo('https://r.example.net')).toBe('http://proxy.example.net:8080')
    expect(await windows.proxyTo('http://r.example.net')).toBe('http://proxy.example.net:8080')
    for (const direct of ['intranet', 'r.example.org', '192.168.7.1', 'my.corp.example.com', 'localhost', '127.0.0.1'])
      expect(await windows.proxyTo(`https://${direct}`), direct).toBeUndefined()
    expect(await windows.proxyTo('https://10.192.168.1')).toBe('http://proxy.example.net:8080')
  })

  test('may be another for each scheme', async () => {
    await using windows = await machine(settings('http=a:80;https=http://b:443'))
    expect(await windows.proxyTo('http://r.example.net')).toBe('http://a')
    expect(await windows.proxyTo('https://r.example.net')).toBe('http://b:443')
    await using plain = await machine(settings('http=a:80'))
    expect(await plain.proxyTo('https://r.example.net')).toBeUndefined()
  })

  test('is left alone where the environment names one', async () => {
    await using windows = await machine(settings('a:1'))
    expect(await windows.proxyTo('https://r.example.net', { HTTPS_PROXY: 'b:2' })).toBe('http://b:2')
    expect(await windows.proxyTo('https://r.example.net', { NO_PROXY: '*' })).toBe('http://a:1')
  })

  test.each<[string, string | undefined, number]>([
    ['no value', undefined, 1],
    ['direct access', '1800000000000000010000000000000000000000', 0],
  ])('is none with %s', async (_what, hex, code) => {
    await using windows = await machine(hex, code)
    expect(await windows.proxyTo('https://r.example.net')).toBeUndefined()
  })

  test.each<[string, string | undefined, number]>([
    ['a registry that cannot be asked', undefined, 5],
    ['too short a value', '18000000', 0],
    ['lengths that lead outside', settings('a:1').replace('03000000', '0300000003'), 0],
  ])('is an error with %s: nobody goes round a proxy unawares', async (_what, hex, code) => {
    await using windows = await machine(hex, code)
    await expect(windows.read()).rejects.toMatchObject({ code: 'proxy-unknown' })
  })

  test('that cannot be used is named', async () => {
    await using windows = await machine(settings('socks5://a:1'))
    await expect(windows.proxyTo('https://r.example.net')).rejects.toMatchObject({
      code: 'proxy-invalid',
      message: expect.stringContaining('WinHTTP'),
      fix: expect.stringContaining('netsh winhttp'),
    })
  })
})
