/** What `sha256sum -c` reads, in the directory of the restore. @param files with a hash in base64 */
export function sumsOf(files: { file: string; sha256: string }[]): string {
  return files.map(({ file, sha256 }) => `${hex(sha256)}  ${file}\n`).join('')
}

function hex(base64: string): string {
  return Array.from(atob(base64), char => char.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}
