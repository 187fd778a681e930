import { path, type Statement } from './statement.ts'

/** The files that one backup is in: mostly one, and several where the server wrote it to several URLs. */
export function fromDisks(disks: readonly string[]): Statement {
  const names = disks.map((_, i) => (i === 0 ? 'file' : `file${i + 1}`))
  return {
    text: names.map(name => `DISK = @${name}`).join(', '),
    inputs: Object.fromEntries(disks.map((disk, i) => [names[i]!, path(disk)])),
  }
}
