import type { DatabaseFile } from './chain.ts'

/** Where a server keeps the files of its databases. */
export interface Place {
  data: string
  log: string
  separator: '/' | '\\'
  /** Paths that were given away, in small letters: names that differ in case alone, or in what no file system takes, need files of their own. */
  taken: Set<string>
}

/** A path for a file of a database that is restored, under its own name so that none of another database is in the way. Another one with each call. */
export function pathFor(
  { data, log, separator, taken }: Place,
  database: string,
  { logical, physical, type }: DatabaseFile,
): string {
  const directory = (type === 'L' ? log : data).replace(/[\\/]+$/, '')
  const extension = /\.\w{1,8}$/.exec(physical)?.[0] ?? (type === 'L' ? '.ldf' : '')
  const stem = `${directory}${separator}${safe(database)}_${safe(logical)}`
  for (let n = 1; ; n++) {
    const path = `${stem}${n === 1 ? '' : `_${n}`}${type === 'S' ? '' : extension}`
    if (taken.has(path.toLowerCase())) continue
    taken.add(path.toLowerCase())
    return path
  }
}

/** What no file system refuses, and short enough for two of them. */
function safe(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}._-]/gu, '_').slice(0, 60)
}
