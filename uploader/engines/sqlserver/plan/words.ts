/** `1 database`, `3 databases` */
export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

const most = 10

/** The first of them, and how many more there are. */
export function namesOf(names: readonly string[]): string {
  const more = names.length > most ? `, and ${names.length - most} more` : ''
  return `${names.slice(0, most).join(', ')}${more}`
}
