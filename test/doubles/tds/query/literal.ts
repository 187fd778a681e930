import type { Expression } from '../language/syntax.ts'
import { bigint, int, numeric, nvarchar, type SqlType, type SqlValue, varbinary, varchar } from './types.ts'

/** Type and value of a literal. */
export function literalValue(
  type: Extract<Expression, { kind: 'literal' }>['type'],
  text: string,
): [SqlType, SqlValue] {
  switch (type) {
    case 'null':
      return [int, null]
    case 'string':
      // What the server's code page does not have is lost.
      return [varchar(Math.max(1, text.length)), text.replaceAll(/[^\u0000-\u00ff]/g, '?')]
    case 'national':
      return [nvarchar(Math.max(1, text.length)), text]
    case 'binary':
      return [varbinary(Math.max(1, (text.length - 2) / 2)), Buffer.from(text.slice(2), 'hex')]
    case 'number':
      return numberValue(text)
  }
}

/** A literal is an int, a numeric where it is larger or has a fraction, or a float. Source: Microsoft, "Constants (Transact-SQL)". */
function numberValue(text: string): [SqlType, SqlValue] {
  if (/e/i.test(text)) return [{ name: 'float' }, Number(text)]
  const [whole, fraction = ''] = text.split('.')
  const value = BigInt(`${whole}${fraction}` || 0)
  if (fraction === '' && value < 2n ** 31n) return [int, Number(value)]
  if (fraction === '' && value < 2n ** 63n && text.length <= 10) return [bigint, value]
  return [numeric(Math.max(1, `${whole}${fraction}`.length), fraction.length), value]
}
