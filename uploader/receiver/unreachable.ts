import { Failure, messageOf } from '../../shared/failure.ts'

/**
 * What it means that no answer came, where neither a proxy nor a certificate is at fault.
 * @param waited milliseconds, where nobody waits any longer
 */
export function unreachable(url: string, waited: number | undefined, error: unknown): Failure {
  const root = error instanceof AggregateError ? error.errors[0] : error
  const code = (root as NodeJS.ErrnoException).code ?? ''
  if (code === 'ERR_INVALID_CHAR')
    return new Failure('address-invalid', 'The link or its passcode holds a character that neither can have', {
      why: 'it was not copied as it is',
      fix: 'Copy both again, whole and unchanged',
      cause: error,
    })
  return new Failure('receiver-unreachable', `The receiver ${url} cannot be reached`, {
    why: waited === undefined ? code || messageOf(root) : `no answer within ${waited / 1000} seconds`,
    fix: 'Check the address, the network, the firewall and the proxy',
    retriable: true,
    cause: error,
  })
}
