export const proxyWantsPassword = 407

/** A proxy answered in the place of the host that was asked. */
export class ProxyRefused extends Error {
  readonly statusCode = proxyWantsPassword
}

/** Before anything is made of an answer. @throws ProxyRefused where a proxy has given it */
export function requireFromHost(status: number | undefined): void {
  if (status === proxyWantsPassword) throw new ProxyRefused(`the proxy answered ${proxyWantsPassword}`)
}
