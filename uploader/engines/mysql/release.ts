/** `10.11.19-MariaDB-log` → 101119. Old clients were told of a MariaDB as if it were MySQL 5.5.5. */
export function releaseOf(version: string): number {
  const [major = 0, minor = 0, patch = 0] =
    /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? []
  return major * 10_000 + minor * 100 + patch
}
