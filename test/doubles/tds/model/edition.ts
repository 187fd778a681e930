export type EditionName = 'enterprise' | 'standard' | 'developer' | 'web' | 'express' | 'azure' | 'managed'

/** As SERVERPROPERTY tells them. Source: Microsoft, "SERVERPROPERTY (Transact-SQL)", Edition and EngineEdition. */
export const editions: Record<EditionName, { edition: string; engine: number }> = {
  enterprise: { edition: 'Enterprise Edition: Core-based Licensing (64-bit)', engine: 3 },
  standard: { edition: 'Standard Edition (64-bit)', engine: 2 },
  developer: { edition: 'Developer Edition (64-bit)', engine: 3 },
  web: { edition: 'Web Edition (64-bit)', engine: 2 },
  express: { edition: 'Express Edition (64-bit)', engine: 4 },
  azure: { edition: 'SQL Azure', engine: 5 },
  managed: { edition: 'SQL Azure', engine: 8 },
}

export interface Release {
  major: number
  minor: number
  build: number
  revision: number
  year: number
  /** Internal version of the databases that it makes. */
  database: number
}

const release = (major: number, minor: number, build: number, revision: number, year: number, database: number) => {
  return { major, minor, build, revision, year, database }
}

/** Source: Microsoft, "Latest updates and version history for SQL Server"; internal numbers: DBCC DBINFO, dbi_version. */
const releases: Release[] = [
  release(11, 0, 7507, 2, 2012, 706),
  release(12, 0, 6449, 1, 2014, 782),
  release(13, 0, 6450, 1, 2016, 852),
  release(14, 0, 3480, 1, 2017, 869),
  release(15, 0, 4415, 2, 2019, 904),
  release(16, 0, 4175, 1, 2022, 957),
  release(17, 0, 1000, 7, 2025, 998),
]

export function releaseOf(major: number): Release {
  const found = releases.find(each => each.major === major)
  if (!found) throw new Error(`The double knows SQL Server 11 to 17, not ${major}`)
  return found
}

export function versionText({ major, minor, build, revision }: Release): string {
  return `${major}.${minor}.${build}.${revision}`
}
