import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemProgram } from '../../files/system-program.ts'
import { untilOver } from '../../until-over.ts'
import type { Host } from '../host.ts'
import type { Service } from '../service.ts'
import { taskOf } from './task.ts'

const name = '\\FailSafe'
/** A daemon has stopped its runs after ten seconds. */
const patience = 20_000

const program = () => systemProgram('schtasks.exe')

interface Task {
  host: Host
  command: readonly string[]
  /** Asks the daemon through its pipe to end; resolves to its process, or to undefined where none runs. */
  stop(): Promise<number | undefined>
  /** Whether there is something for the daemon to do yet. */
  enrolled: boolean
}

/** A start-up task: a program of Node cannot answer Windows' service manager, and needs none to be started again when it fails. */
export function taskService({ host, command, stop, enrolled }: Task): Service {
  const schtasks = (...args: string[]) => host.run(program(), args)
  /** The daemon ends its runs, which release their sources; what does not answer, or does not end, is ended by the scheduler. */
  const end = async () => {
    const pid = await stop().catch(() => undefined)
    if (pid !== undefined) await untilOver(pid, patience)
    await schtasks('/end', '/tn', name)
  }
  const find = () => schtasks('/query', '/tn', name, '/fo', 'csv', '/nh').catch(() => undefined)

  return {
    async install() {
      const directory = await mkdtemp(join(tmpdir(), 'failsafe-task-'))
      try {
        const file = join(directory, 'task.xml')
        await writeFile(file, `\ufeff${taskOf(command)}`, 'utf16le')
        await schtasks('/create', '/tn', name, '/xml', file, '/f')
      } finally {
        await rm(directory, { recursive: true, force: true })
      }
      const said = 'The task \\FailSafe starts failsafe with the machine, as SYSTEM.'
      if (!enrolled) return [said, 'It was not started: enrol this host, then run: failsafe service start']
      await schtasks('/run', '/tn', name)
      return [said, 'It is running.']
    },

    async uninstall() {
      if ((await find()) === undefined) return ['There is no such task.']
      await end()
      await schtasks('/delete', '/tn', name, '/f')
      return ['The task \\FailSafe was removed. Configuration, state and staging stay where they are.']
    },

    async start() {
      await schtasks('/run', '/tn', name)
      return ['It is running.']
    },

    async stop() {
      await end()
      return ['It was stopped. It comes again with the next start of the machine.']
    },

    async status() {
      const installed = (await find()) !== undefined
      return { installed, enabled: installed, running: installed && (await isRunning(host)) }
    },
  }
}

/** What schtasks says of a state is in the language of the system. 4 is TASK_STATE_RUNNING. */
async function isRunning(host: Host): Promise<boolean> {
  const script = "(Get-ScheduledTask -TaskPath '\\' -TaskName 'FailSafe').State.value__"
  const shell = systemProgram('WindowsPowerShell', 'v1.0', 'powershell.exe')
  return (await host.run(shell, ['-NoProfile', '-NonInteractive', '-Command', script]).catch(() => '')).trim() === '4'
}
