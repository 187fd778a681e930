import mysql2 from 'mysql2'

/** Past the last collation that a server has a number for. */
const numbers = 4096

/**
 * mysql2 throws at a column whose collation it does not know, and MariaDB 11 has some that it does not. They matter to it for the names of columns
 * only, since values are taken as bytes; names come as UTF-8.
 */
export function acceptAllCollations(): void {
  const encodings: (string | undefined)[] = mysql2.CharsetToEncoding
  for (let number = 0; number < numbers; number++) encodings[number] ??= 'utf8'
}
