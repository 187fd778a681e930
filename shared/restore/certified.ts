const line = /^# certified: ([A-Za-z0-9_-]{43}) (\S+)\s*$/

/** Fingerprints of the agent keys that the owner of a kit has vouched for in it. */
export function certifiedIn(kit: string): string[] {
  return kit.split(/\r?\n/).flatMap(text => line.exec(text)?.[1] ?? [])
}

/** The line that vouches for one more. To age it is a comment. */
export function certifiedLine(fingerprint: string, now: Date): string {
  return `# certified: ${fingerprint} ${now.toISOString()}\n`
}
