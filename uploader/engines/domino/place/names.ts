import { problemWithName } from '../../../../shared/restore/names.ts'

/**
 * A path as the name of an artefact, which has to be a file name on every system. What cannot be one is written as `%` and its code, for which `%` itself is too.
 * @param path with `/` between its parts
 */
export function artefactName(path: string): string {
  return path
    .split('/')
    .map(part => {
      const safe = part.replace(/[%\u0000-\u001f\u007f\\<>:"|?*]/g, escaped).replace(/[. ]$/, escaped)
      return problemWithName(safe) === undefined ? safe : `%${safe}`
    })
    .join('/')
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}

/** Names from a Linux file system that are no UTF-8 come with this in them, and lead to no file. */
export function isText(name: string): boolean {
  return !name.includes('\ufffd')
}
