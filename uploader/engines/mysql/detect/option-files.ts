import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Place } from './places.ts'

const files = ['/etc/my.cnf', '/etc/mysql/my.cnf']
const folders = ['/etc/my.cnf.d', '/etc/mysql/conf.d', '/etc/mysql/mariadb.conf.d', '/etc/mysql/mysql.conf.d']

/** Where the servers of this machine listen, by the option files in the usual places. */
export async function optionFilePlaces(): Promise<Place[]> {
  const found = await Promise.all(folders.map(listOptionFiles))
  return Promise.all([...files, ...found.flat()].map(placeIn))
}

async function listOptionFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(absent)
  return (names ?? []).filter(name => name.endsWith('.cnf')).map(name => join(folder, name))
}

export async function placeIn(path: string): Promise<Place> {
  return parsePlace((await readFile(path, 'utf8').catch(absent)) ?? '')
}

/** `port` and `socket` of the groups that a server reads. */
export function parsePlace(text: string): Place {
  const place: Place = {}
  let ours = false
  for (const line of text.split(/\r?\n/)) {
    const [, group] = /^\s*\[([^\]]+)\]/.exec(line) ?? []
    if (group !== undefined) ours = /^(mysqld|mariadb|mariadbd|server)\b/.test(group)
    const [, option, value] = /^\s*(port|socket)\s*=\s*["']?(.*?)["']?\s*(?:#.*)?$/.exec(line) ?? []
    if (!ours || value === undefined || value === '') continue
    if (option === 'socket') place.socket = value
    else if (/^\d+$/.test(value)) place.port = Number(value)
  }
  return place
}

/** What is not there, or not for us to read, tells nothing. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (!['ENOENT', 'ENOTDIR', 'EACCES'].includes(error.code ?? '')) throw error
}
