/** What a person says of where a server is. */
export interface Address {
  host: string
  /** Undefined where only the host was given, or an instance of it. */
  port: number | undefined
  instance: string | undefined
}

/** `db.example.net`, `db.example.net:1433`, `[::1]:1433`, `HOST\INSTANCE`; undefined for what is none */
export function parseAddress(text: string): Address | undefined {
  const [whole, bracketed, bare, instance, port] =
    /^(?:\[([^\]]+)\]|([^\s/\\:[\]]*))(?:\\([^\s\\:]+)|:(\d{1,5}))?$/.exec(text) ?? []
  if (whole === undefined || Number(port ?? 0) > 65_535) return undefined
  return { host: (bracketed ?? bare) || '127.0.0.1', port: port === undefined ? undefined : Number(port), instance }
}
