/** What the demo says. Numbers are in binary units, as the product's own output is. */
export function heading(text: string): void {
  console.log(`\n■ ${text}`)
}

export function say(text: string): void {
  console.log(`  ${text}`)
}

export function mib(bytes: number): string {
  return bytes < 10 * 2 ** 20
    ? `${(bytes / 2 ** 20).toFixed(1)} MiB`
    : `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MiB`
}

export function rate(bytes: number, seconds: number): string {
  return `${(bytes / 2 ** 20 / seconds).toFixed(1)} MiB/s`
}

export function count(number: number): string {
  return Math.round(number).toLocaleString('en')
}

/** Lines of two columns, the first as wide as its widest. */
export function table(rows: [string, string][]): void {
  const width = Math.max(...rows.map(([name]) => name.length))
  for (const [name, value] of rows) say(`${name.padEnd(width)}   ${value}`)
}
