/** A path of the server, whose system need not be this machine's. */
export type PathForm = 'asm' | 'windows' | 'unix'

export function formOf(path: string): PathForm {
  if (path.startsWith('+')) return 'asm'
  return /^[A-Za-z]:|^\\\\/.test(path) ? 'windows' : 'unix'
}

/** The directory (without its last separator, unless it is a root) and the name of a file. */
export function splitPath(path: string): { directory: string; name: string } {
  const at =
    formOf(path) === 'windows' ? Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/')) : path.lastIndexOf('/')
  const directory = path.slice(0, at)
  const root = directory === '' || /^[A-Za-z]:$/.test(directory)
  return { directory: root ? path.slice(0, at + 1) : directory, name: path.slice(at + 1) }
}

export function joinPath(directory: string, name: string): string {
  const separator = formOf(directory) === 'windows' ? '\\' : '/'
  return `${directory.replace(/[\\/]+$/, '')}${separator}${name}`
}

/** A name for an artefact: the file's own, without what some system refuses in one. */
export function safeName(path: string): string {
  const safe = splitPath(path)
    .name.replaceAll(/[\u0000-\u001f\u007f\\/<>:"|?*]/g, '_')
    .replace(/[. ]+$/, '_')
  let short = safe
  while (Buffer.byteLength(short) > 120) short = short.slice(1)
  return short || '_'
}

/** Where a file of the server lies on this machine: as it is called there, or below another directory. The longest that fits decides. */
export function pathHere(path: string, paths: readonly { server: string; here: string }[]): string {
  const windows = formOf(path) === 'windows'
  const same = (text: string) => (windows ? text.replaceAll('/', '\\').toLowerCase() : text)
  const found = paths
    .map(({ server, here }) => ({ server: server.replace(/[\\/]+$/, ''), here: here.replace(/[\\/]+$/, '') }))
    .filter(({ server }) => {
      const rest = same(path).slice(same(server).length)
      return same(path).startsWith(same(server)) && /^[\\/]/.test(rest)
    })
    .sort((a, b) => b.server.length - a.server.length)[0]
  if (!found) return path
  const rest = path.slice(found.server.length)
  const hereWindows = formOf(found.here) === 'windows'
  return `${found.here}${windows && !hereWindows ? rest.replaceAll('\\', '/') : rest}`
}
