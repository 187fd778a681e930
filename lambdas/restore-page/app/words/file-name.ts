/** Part of a file's name, on every system. */
export function fileName(label: string): string {
  return label.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '') || 'backup'
}
