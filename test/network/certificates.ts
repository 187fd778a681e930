import { readFile } from 'node:fs/promises'
import { runOk } from '../support/run.ts'
import { temporaryDirectory } from '../uploader/directory.ts'

export interface Certificate {
  key: string
  cert: string
}

/** A certificate authority as companies run one. `dispose` removes its files. */
export async function newAuthority(name: string) {
  const directory = await temporaryDirectory()
  const openssl = (...args: string[]) => runOk('openssl', args, { cwd: directory.path })
  const keyArgs = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await openssl(
    'req',
    '-x509',
    ...keyArgs,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '3650',
    '-subj',
    `/CN=${name}`,
  )
  let serial = 0
  return {
    name,
    file: directory.in('ca.pem'),
    /** @param names of the host, as subjectAltName writes them: `DNS:localhost`, `IP:::1` */
    async issue(names: string[], { days = 30 } = {}): Promise<Certificate> {
      const at = `host${++serial}`
      await openssl(
        'req',
        ...keyArgs,
        '-keyout',
        `${at}.key`,
        '-out',
        `${at}.csr`,
        '-subj',
        `/CN=${at}`,
        '-addext',
        `subjectAltName=${names}`,
      )
      const signing = [
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-days',
        String(days),
        '-copy_extensions',
        'copy',
      ]
      await openssl('x509', '-req', '-in', `${at}.csr`, '-out', `${at}.pem`, ...signing)
      const read = (file: string) => readFile(directory.in(file), 'utf8')
      return { key: await read(`${at}.key`), cert: (await read(`${at}.pem`)) + (await read('ca.pem')) }
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}
