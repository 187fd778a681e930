import { Failure } from '../failure.ts'

const reserved = /^(con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]|conin\$|conout\$)(\..*)?$/i
const forbidden = /[\u0000-\u001f\u007f\\<>:"|?*]/

/** Why a name must not become a file under the directory of a restore; undefined where it may. */
export function problemWithName(name: string): string | undefined {
  if (name.startsWith('/')) return 'it is an absolute path'
  if (forbidden.test(name)) return 'it holds a character that is no part of a file name'
  for (const segment of name.split('/')) {
    if (segment === '' || segment === '.' || segment === '..') return 'it is not a plain relative path'
    if (new TextEncoder().encode(segment).length > 255) return 'a part of it is longer than 255 bytes'
    if (/[. ]$/.test(segment)) return 'a part of it ends in a dot or a space'
    if (reserved.test(segment)) return 'a part of it is a device name of Windows'
    if (segment.startsWith('.failsafe-partial')) return 'it is a name that the restore itself uses'
  }
  return undefined
}

/**
 * Refuses names that could leave the directory of a restore or land on one another: whoever wrote the index chose them, and
 * they become files on the machine of whoever restores.
 * @param foldCase where `A` and `a` are the same file (Windows, macOS)
 * @throws Failure `artefact-name-refused`
 */
export function requireSafeNames(names: Iterable<string>, foldCase: boolean): void {
  const files = new Set<string>()
  const folders = new Set<string>()
  for (const name of names) {
    const problem = problemWithName(name)
    if (problem !== undefined) throw refused(name, problem)
    const key = foldCase ? name.toLowerCase() : name
    if (files.has(key)) throw refused(name, 'it occurs twice')
    files.add(key)
    for (let at = key.indexOf('/'); at >= 0; at = key.indexOf('/', at + 1)) folders.add(key.slice(0, at))
  }
  for (const folder of folders) if (files.has(folder)) throw refused(folder, 'it is a file and a folder at once')
}

function refused(name: string, why: string): Failure {
  return new Failure('artefact-name-refused', `The artefact name ${JSON.stringify(name)} is refused`, {
    why,
    fix: 'Nothing was written. Ask who made this backup: no FailSafe engine makes such a name',
  })
}
