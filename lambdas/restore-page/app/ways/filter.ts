/** Files whose path holds every word, in any order and case. */
export function filterFiles<T extends { file: string }>(files: T[], words: string): T[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  if (wanted.length === 0) return files
  return files.filter(({ file }) => {
    const path = file.toLowerCase()
    return wanted.every(word => path.includes(word))
  })
}
