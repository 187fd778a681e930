import type { DatabaseFile } from './chain.ts'

/** Where a server keeps the files of its databases. */
export interface Place {
  data: string
  log: string
  separator: '/' | '\\'
}

/** A path for a file of a database that is restored, under its own name so that none of another database is in the way. */
export function pathFor(
  { data, log, separator }: Place,
  database: string,
  { logical, physical, type }: DatabaseFile,
): string {
  const directory = (type === 'L' ? log : data).replace(/[\\/]+$/, '')
  const extension = /\.\w{1,8}$/.exec(physical)?.[0] ?? (type === 'L' ? '.ldf' : '')
  return `${directory}${separator}${safe(database)}_${safe(logical)}${type === 'S' ? '' : extension}`
}

/** What no file system refuses, and short enough for two of them. */
function safe(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}._-]/gu, '_').slice(0, 60)
}
