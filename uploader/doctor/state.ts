import { stat } from 'node:fs/promises'
import { requirePrivate } from '../config/private.ts'
import type { AgentState } from '../state/agent.ts'
import { loadAgent } from '../state/store.ts'
import { type Check, failed, found, ok } from './check.ts'

/** Whether this host is enrolled, and whether nobody but its owner can use what it knows of itself. */
export async function checkState(
  directory: string,
  platform: NodeJS.Platform,
): Promise<{ checks: Check[]; agent: AgentState | undefined }> {
  try {
    const agent = await loadAgent(directory)
    const enrolled = ok('enrolment', `Enrolled as ${agent.name} (${agent.agent}) at ${agent.receiver.url}`)
    return { checks: [enrolled, await checkDirectory(directory, platform)], agent }
  } catch (error) {
    return { checks: [failed('enrolment', error)], agent: undefined }
  }
}

async function checkDirectory(directory: string, platform: NodeJS.Platform): Promise<Check> {
  const stats = await stat(directory)
  if (platform === 'win32') await requirePrivate(directory, stats, 'The state directory', platform)
  // Whoever may write into a directory may put another file in the place of one that he cannot read.
  else if ((stats.mode & 0o022) !== 0)
    return found('state', {
      code: 'state-not-private',
      grave: true,
      what: `The state directory ${directory} can be changed by other accounts of this machine`,
      why: `its mode is ${(stats.mode & 0o777).toString(8).padStart(4, '0')}`,
      fix: `Run: chmod 0700 ${directory}`,
    })
  return ok('state', `${directory} is writable by its owner alone`)
}
