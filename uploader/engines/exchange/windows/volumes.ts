import { Failure } from '../../../../shared/failure.ts'
import type { Volume } from '../inventory.ts'

/** The volume that a path lies on: the one that is mounted deepest. `C:\mnt\db1\` is no part of `C:\mnt\db10`. */
export function volumeOf(path: string, volumes: readonly Volume[]): Volume {
  const within = `${path.replace(/\\+$/, '')}\\`.toLowerCase()
  const found = volumes
    .filter(({ name }) => within.startsWith(name.toLowerCase()))
    .sort((a, b) => b.name.length - a.name.length)[0]
  if (found) return found
  throw new Failure('exchange-volume-unknown', `It is not known which volume ${path} lies on`, {
    why: `there are ${volumes.map(({ name }) => name).join(', ') || 'none'}`,
    fix: 'Exchange keeps its files on local volumes: move the database with Move-DatabasePath, or leave it out with exclude',
  })
}

/** The same path where another drive letter shows a copy of its volume. */
export function pathOn(letter: string, path: string, volume: Volume): string {
  return `${letter}\\${path.slice(volume.name.length)}`
}

/** A volume as diskshadow is told of it: `E:`, or its device where it is mounted in a folder. */
export function specOf({ name, device }: Volume): string {
  return /^[A-Za-z]:\\$/.test(name) ? name.slice(0, 2).toUpperCase() : device
}
