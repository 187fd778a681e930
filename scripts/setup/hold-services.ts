import { run } from './run.ts'

const policy = '/usr/sbin/policy-rc.d'
const saved = '/usr/sbin/policy-rc.d.before-failsafe'
const mark = 'failsafe-setup'

/**
 * Debian starts a server as soon as it is installed. We want its programs only, so a policy that forbids starting and stopping services
 * holds while `work` runs. What was there before comes back, also after an earlier set-up that was killed.
 *
 *   existing policy ──► saved   ours in place   work   ours removed   saved ──► existing policy
 *
 * @param root the command that gives root rights: empty when we are root, else `sudo -n`
 */
export async function holdServices<T>(root: string[], work: () => Promise<T>): Promise<T> {
  const shell = (script: string) => run('sh', ['-ec', script], root)
  const restore = `
    if [ -f ${policy} ] && grep -q ${mark} ${policy}; then rm -f ${policy}; fi
    if [ -e ${saved} ]; then mv ${saved} ${policy}; fi`
  await must(shell(restore))
  try {
    await must(
      shell(`
        if [ -e ${policy} ]; then mv ${policy} ${saved}; fi
        printf '#!/bin/sh\\n# ${mark}\\nexit 101\\n' > ${policy}
        chmod 755 ${policy}`),
    )
    return await work()
  } finally {
    await must(shell(restore))
  }
}

async function must(code: Promise<number>): Promise<void> {
  if ((await code) !== 0) throw new Error(`could not change ${policy}`)
}
