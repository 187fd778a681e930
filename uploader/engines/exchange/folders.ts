/** A folder for each database, safe on Windows and Linux, no two of them the same even where case does not count. */
export function folderNames(names: readonly string[]): Map<string, string> {
  const taken = new Set<string>()
  return new Map(
    names.map(name => {
      const plain = name.replaceAll(/[\\/:*?"<>|\x00-\x1f]/g, '_').replace(/[. ]+$/, '_') || '_'
      let folder = plain
      for (let n = 2; taken.has(folder.toLowerCase()); n++) folder = `${plain}-${n}`
      taken.add(folder.toLowerCase())
      return [name, folder]
    }),
  )
}
