/**
 * `npm run setup [test|demo|bench|wine]`: installs the Debian packages that a command calls, unpacks the servers it tests against, or says what to install and exits 2.
 * The other scripts call `setUp` first, so nobody has to run this by hand.
 */
import { aptLine, install } from './setup/install.ts'
import { type Group, groups, isGroup } from './setup/needs.ts'
import { bringServers } from './setup/servers.ts'

/** They run against servers of other Debian releases too. */
const againstServers: readonly Group[] = ['test', 'bench']

/** Whether all programs of the group are there now; otherwise it has been said what to install. */
export async function setUp(group: Group): Promise<boolean> {
  const missing = await install(group)
  if (!missing) return !againstServers.includes(group) || (await setUpServers())
  const { packages, why } = missing
  console.error(`These Debian packages are missing: ${packages.join(', ')}; ${why}.`)
  console.error(`Install them, then run this again:\n\n  ${aptLine(packages)}\n`)
  return false
}

async function setUpServers(): Promise<boolean> {
  const why = await bringServers()
  if (why !== undefined)
    console.error(`A database server could not be unpacked: ${why}.\nTry again when the Debian mirror answers.`)
  return why === undefined
}

if (import.meta.main) {
  const group = process.argv[2] ?? 'test'
  if (!isGroup(group)) {
    console.error(`There is no group "${group}". Use one of: ${Object.keys(groups).join(', ')}.`)
    process.exit(2)
  }
  process.exit((await setUp(group)) ? 0 : 2)
}
