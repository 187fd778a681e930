const masked = '[hidden]'

/** Shorter ones would mask half of every text. */
const shortestSecret = 4

/*
 * What opens or signs something, by its form: wherever it turns up, it is hidden. Order matters: a whole address is treated before its parts.
 */
const forms: [RegExp, string][] = [
  // Enrolment tokens and restore links carry their secret behind the #.
  [/(\bhttps?:\/\/[^\s"'<>#]*)#[^\s"'<>]+/gi, `$1#${masked}`],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s"'<>/@]+@/gi, `$1${masked}@`],
  [/\b(X-Amz-(?:Signature|Credential|Security-Token)=)[^\s"'<>&]+/gi, `$1${masked}`],
  [/\b((?:Bearer|Proof|Basic)\s+)[\w.~+/=-]{8,}/gi, `$1${masked}`],
  [/\bey[\w-]{10,}\.[\w-]{10,}\.[\w-]+/g, masked],
  [/\bAGE-SECRET-KEY-1[0-9A-Z]+/gi, masked],
  [/\bwhsec_[\w+/=-]+/g, masked],
  [/(\bcustomer-key:\s*)\S+/gi, `$1${masked}`],
  [
    /(\b(?:password|passwd|passcode|passphrase|secret|token)\b["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;}&"']+)/gi,
    `$1${masked}`,
  ],
]

/** Fields that hold nothing but a secret, whatever it looks like. */
const secretFields = /^(password|passwd|passcode|passphrase|secret|token|authorization|identity|lease|d)$/i

/**
 * Takes secrets out of whatever is to be logged: those of a known form, those under a telling name, and `known` ones.
 * @param known values that nothing about their form gives away, such as a password from the environment
 */
export function redactor(known: readonly string[] = []) {
  const values = known.filter(({ length }) => length >= shortestSecret).sort((a, b) => b.length - a.length)
  const text = (original: string): string => {
    const plain = values.reduce((rest, value) => rest.replaceAll(value, masked), original)
    return forms.reduce((rest, [form, instead]) => rest.replace(form, instead), plain)
  }
  const redact = (value: unknown, name = ''): unknown => {
    if (typeof value === 'string') return secretFields.test(name) ? masked : text(value)
    if (Array.isArray(value)) return value.map(each => redact(each))
    if (value !== null && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, redact(each, key)]))
    return value
  }
  return redact as <T>(value: T) => T
}
