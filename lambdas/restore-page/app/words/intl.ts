const made = new Map<string, unknown>()

/** One object for each language and options: making one takes longer than drawing a frame allows for a hundred of them. */
function cached<T>(kind: string, language: string, options: object, make: () => T): T {
  const key = `${kind} ${language} ${JSON.stringify(options)}`
  const known = made.get(key) as T | undefined
  if (known) return known
  const format = make()
  made.set(key, format)
  return format
}

export function numberFormat(language: string, options: Intl.NumberFormatOptions = {}): Intl.NumberFormat {
  return cached('number', language, options, () => new Intl.NumberFormat(language, options))
}

export function dateFormat(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return cached('date', language, options, () => new Intl.DateTimeFormat(language, options))
}

export function relativeFormat(language: string): Intl.RelativeTimeFormat {
  return cached('relative', language, {}, () => new Intl.RelativeTimeFormat(language, { numeric: 'auto' }))
}

export function listFormat(language: string): Intl.ListFormat {
  return cached('list', language, {}, () => new Intl.ListFormat(language))
}
