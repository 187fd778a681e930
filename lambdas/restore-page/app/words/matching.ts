/** A test for texts that hold every word, in any order and case. */
export function matching(words: string): (text: string) => boolean {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  return text => {
    const folded = text.toLowerCase()
    return wanted.every(word => folded.includes(word))
  }
}
