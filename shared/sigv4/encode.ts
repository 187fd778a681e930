import { SignatureError } from './error.ts'

/** AWS's UriEncode: everything but the unreserved characters of RFC 3986, which is more than encodeURIComponent encodes. */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** @throws SignatureError `InvalidURI` */
export function uriDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new SignatureError('InvalidURI', "Couldn't parse the specified URI.")
  }
}

/** The pairs of a raw query (without `?`), decoded, in the order sent. A name without `=` has an empty value. */
export function queryPairs(rawQuery: string): [name: string, value: string][] {
  return rawQuery
    .split('&')
    .filter(piece => piece !== '')
    .map(piece => {
      const equals = piece.indexOf('=')
      const [name, value] = equals < 0 ? [piece, ''] : [piece.slice(0, equals), piece.slice(equals + 1)]
      return [uriDecode(name.replaceAll('+', ' ')), uriDecode(value.replaceAll('+', ' '))]
    })
}
