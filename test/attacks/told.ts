import type { Answer } from '../receiver/support.ts'
import type { Names } from './names.ts'

/** What an answer tells, without what the asker put into it, new ids, new secrets and the time. */
export function told({ status, headers, text }: Answer, asked: Names) {
  const visible = [...headers].filter(([name]) => name !== 'date')
  return { status, headers: visible, text: withoutNames(text, asked) }
}

function withoutNames(text: string, asked: Names): string {
  let plain = text
  for (const [kind, value] of Object.entries(asked)) if (value !== '') plain = plain.replaceAll(value, `<${kind}>`)
  return plain
    .replace(/[0-9A-HJKMNP-TV-Z]{26}/g, '<id>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/[A-Za-z0-9_-]{43}/g, '<secret>')
}
