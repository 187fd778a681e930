import { createHash } from 'node:crypto'
import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'

/** What the processes of one host are spoken to at: the daemon under `daemon`, a run under `run-<pid>`. */
export interface Place {
  /** What `listen` and `connect` take. */
  address: string
  /** The file that shows that there is one. On Unix it is the socket itself. */
  mark: string
}

export const folderOf = (state: string) => join(state, 'run')

/** A pipe of Windows has a name in a space that all share; the hash of the state directory keeps hosts' worlds apart. */
export async function placeOf(
  state: string,
  name: string,
  platform: NodeJS.Platform = process.platform,
): Promise<Place> {
  const mark = join(folderOf(state), `${name}.sock`)
  if (platform !== 'win32') return { address: mark, mark }
  const world = createHash('sha256')
    .update(await realpath(state))
    .digest('hex')
    .slice(0, 16)
  return { address: `\\\\.\\pipe\\failsafe-${world}-${name}`, mark }
}

/** The names of the runs that there are, or were before they died. */
export async function runNames(state: string): Promise<string[]> {
  try {
    const names = await readdir(folderOf(state))
    return names.filter(name => /^run-\d+\.sock$/.test(name)).map(name => name.slice(0, -'.sock'.length))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
