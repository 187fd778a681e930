import { matching } from '../words/matching.ts'

/** Files whose path holds every word, in any order and case. */
export function filterFiles<T extends { file: string }>(files: T[], words: string): T[] {
  if (words.trim() === '') return files
  const matches = matching(words)
  return files.filter(({ file }) => matches(file))
}
