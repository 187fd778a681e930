import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from '../../../shared/failure.ts'
import type { Host } from '../host.ts'
import type { Needs } from '../needs.ts'
import type { Service } from '../service.ts'
import { makeAccount, root } from './account.ts'
import { giveDirectory, giveFile } from './give.ts'
import { unitOf } from './unit.ts'

const name = 'failsafe.service'
const user = 'failsafe'

export interface SystemdOptions {
  host: Host
  command: readonly string[]
  config: string
  state: string
  needs: Needs
  /** Whether there is something for the daemon to do yet. */
  enrolled: boolean
}

export function systemdService({ host, command, config, state, needs, enrolled }: SystemdOptions): Service {
  const unit = join(host.root, 'etc/systemd/system', name)
  const isImage = host.root !== '/'
  const isRunning = async () => !isImage && (await exists('/run/systemd/system'))
  const systemctl = async (...args: string[]) =>
    host.run('systemctl', (await isRunning()) ? args : [`--root=${host.root}`, ...args])

  async function requireRunning(): Promise<void> {
    if (await isRunning()) return
    throw new Failure('no-systemd', 'systemd does not run on this machine', {
      why: 'there is no /run/systemd/system',
      fix: `Have what starts programs here run, and start again: ${command.join(' ')}`,
    })
  }

  /** systemd is content once the program runs; what is wrong with its configuration shows a moment later. */
  async function begin(): Promise<void> {
    await systemctl('start', name)
    await delay(2000)
    if ((await systemctl('is-active', name).catch(() => '')).trim() === 'active') return
    throw new Failure('service-ended', 'The service ended as soon as it was started', {
      why: 'systemd starts it again every 30 seconds',
      fix: 'See why: journalctl -u failsafe -n 20',
    })
  }

  return {
    async install() {
      const account = needs.root.length > 0 ? 'root' : user
      if (account !== 'root') requireReadable(command)
      const owner = account === 'root' ? root : await makeAccount(host, user, state)
      for (const path of needs.directories) await giveDirectory(host, path, owner)
      for (const path of [config, ...needs.secrets]) await giveFile(host, path, owner)
      const { directories, writable, reached, secrets, capabilities, sharesTemporary, startsSetuid } = needs
      const text = unitOf({
        command,
        user: account,
        config,
        own: directories,
        writable,
        reached: [...reached, ...secrets],
        capabilities,
        sharesTemporary,
        startsSetuid,
      })
      const changed = (await readIfThere(unit)) !== text
      await mkdir(dirname(unit), { recursive: true })
      if (changed) await writeFile(unit, text, { mode: 0o644 })
      const said = [
        `${unit} starts failsafe with the machine, as ${account}${needs.root.map(({ source, why }) => ` (${source}: ${why})`).join('')}.`,
      ]
      await systemctl('enable', name)
      if (!(await isRunning()))
        return [...said, `Nothing was started: systemd does not run ${isImage ? `in ${host.root}` : 'here'}.`]
      await systemctl('daemon-reload')
      if (!enrolled) return [...said, 'It was not started: enrol this host, then run: failsafe service start']
      if (changed) await systemctl('try-restart', name)
      await begin()
      return [...said, 'It is running.']
    },

    async uninstall() {
      if (!(await exists(unit))) return ['There is no such service.']
      if (await isRunning()) await systemctl('stop', name)
      await systemctl('disable', name)
      await rm(unit)
      if (await isRunning()) await systemctl('daemon-reload')
      return [`${unit} was removed. Configuration, state and staging stay where they are.`]
    },

    async start() {
      await requireRunning()
      await begin()
      return ['It is running.']
    },

    async stop() {
      await requireRunning()
      await systemctl('stop', name)
      return ['It was stopped. It comes again with the next start of the machine.']
    },

    async status() {
      const says = async (verb: string, word: string) => (await systemctl(verb, name).catch(() => '')).trim() === word
      return {
        installed: await exists(unit),
        enabled: await says('is-enabled', 'enabled'),
        running: (await isRunning()) && (await says('is-active', 'active')),
      }
    },
  }
}

/** The account of the service cannot look into the homes of others. @throws Failure `service-program-misplaced` */
function requireReadable([program = '']: readonly string[]): void {
  if (!/^\/(home|root|run\/user|tmp|var\/tmp)\//.test(program)) return
  throw new Failure('service-program-misplaced', `The service cannot run ${program}`, {
    why: `it runs as ${user}, which has no right to look there`,
    fix: `Move it: install -m 0755 ${program} /usr/local/bin/failsafe, and run that one`,
  })
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(error => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  })
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
