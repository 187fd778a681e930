import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { Failure, messageOf } from '../../shared/failure.ts'

/*
 * Whose certificates this process believes: the authorities that come with it, those of NODE_EXTRA_CA_CERTS, those of `network.caFile`, and those of
 * the system. The last are read only once the others have not been enough, because they take 7 MB of memory that most hosts can save.
 */
let own: string[] = []
let system = false

/**
 * Believes the authorities in a file of PEM certificates, too.
 * @throws Failure `ca-file-invalid`
 */
export async function trustFile(path: string): Promise<void> {
  own = await certificatesIn(path)
  apply()
}

/** Believes what the system believes, too. */
export function trustSystem(): void {
  if (system) return
  system = true
  apply()
}

function apply(): void {
  const authorities = [getCACertificates('bundled'), getCACertificates('extra'), own]
  if (system) authorities.push(getCACertificates('system'))
  setDefaultCACertificates([...new Set(authorities.flat())])
}

async function certificatesIn(path: string): Promise<string[]> {
  try {
    const text = await readFile(path, 'utf8')
    const found = text.match(/-----BEGIN (TRUSTED )?CERTIFICATE-----[^-]+-----END (TRUSTED )?CERTIFICATE-----/g) ?? []
    if (found.length === 0) throw new Error('it holds no certificate in PEM form')
    return found.map(pem => new X509Certificate(pem).toString())
  } catch (cause) {
    throw new Failure('ca-file-invalid', `The file of certificate authorities ${path} cannot be used`, {
      why: (cause as NodeJS.ErrnoException).code ?? messageOf(cause),
      fix: 'Have network.caFile name a file with the certificates of your authorities, as -----BEGIN CERTIFICATE-----',
      cause,
    })
  }
}
