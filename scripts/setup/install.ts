import { constants } from 'node:os'
import { findProgram } from './find-program.ts'
import { holdServices } from './hold-services.ts'
import { type Group, groups } from './needs.ts'
import { run } from './run.ts'

const aptOptions = ['-y', '--no-install-recommends', '--no-remove', '-o', 'DPkg::Lock::Timeout=300']
const aptEnvironment = ['DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C.UTF-8']

/** Debian packages that bring the missing programs of a group; empty when all is there. */
export async function missingPackages(group: Group): Promise<string[]> {
  const missing = new Set<string>()
  for (const { program, debian } of groups[group]) if (!(await findProgram(program))) missing.add(debian)
  return [...missing].sort()
}

/** The one line that a person without root rights hands to their administrator. */
export function aptLine(packages: string[]): string {
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`
}

/**
 * Installs what a group lacks. Nothing is asked, removed, started or stopped; a package that would push another one out is refused by apt.
 * @returns what is still missing, with the reason; undefined when the group is complete
 */
export async function install(group: Group): Promise<{ packages: string[]; why: string } | undefined> {
  const packages = await missingPackages(group)
  if (packages.length === 0) return undefined
  if (!(await findProgram('apt-get'))) return { packages, why: 'this is not Debian or Ubuntu' }
  const root = await rootCommand()
  if (!root) return { packages, why: 'installing them needs root rights' }

  console.error(`Installing ${packages.join(', ')} ...`)
  // Ctrl-C ends apt, which shares our terminal; we stay until the service policy is back.
  const wait = () => {}
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, wait)
  try {
    const apt = (...args: string[]) => run('env', [...aptEnvironment, 'apt-get', ...aptOptions, ...args], root)
    const code = await holdServices(root, async () => (await apt('update')) || (await apt('install', ...packages)))
    if (code > 128) process.exit(128 + constants.signals.SIGINT)
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, wait)
  }
  const still = await missingPackages(group)
  return still.length === 0
    ? undefined
    : { packages: still, why: 'apt-get could not install them (its messages are above)' }
}

/** How to run something as root: nothing in front, `sudo -n`, or not at all. */
async function rootCommand(): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return []
  if (!(await findProgram('sudo'))) return undefined
  return (await run('sudo', ['-n', 'true'])) === 0 ? ['sudo', '-n'] : undefined
}
