/** Words to look for, as they are typed. */
export function SearchField({ label, words, onWords }: { label: string; words: string; onWords(words: string): void }) {
  return (
    <label class="search">
      {label}
      <input type="search" value={words} onInput={event => onWords(event.currentTarget.value)} />
    </label>
  )
}
