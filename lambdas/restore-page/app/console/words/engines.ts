import type { Source } from '../receiver/answers.ts'

/** Names of products, which are the same in every language. */
export const engines: Record<Source['engine'], string> = {
  mysql: 'MySQL / MariaDB',
  sqlserver: 'SQL Server',
  oracle: 'Oracle',
  domino: 'Domino',
  exchange: 'Exchange',
}
