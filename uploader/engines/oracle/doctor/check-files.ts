import { randomUUID } from 'node:crypto'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { Finding } from '../../engine.ts'
import { explainFile, explainWrite } from '../backup/explain.ts'
import { Control } from '../connection/control.ts'
import { loginOf } from '../connection/login.ts'
import { Session } from '../connection/session.ts'
import { Directories } from '../files/directories.ts'
import { LocalFiles } from '../files/local.ts'
import { RemoteFiles } from '../files/remote.ts'
import type { ServerFiles } from '../files/server-file.ts'
import { formOf, joinPath } from '../files/server-path.ts'
import { topologyOf } from '../inspect.ts'
import type { Inventory } from '../inventory.ts'
import { connect } from '../rman/commands.ts'
import { runRman } from '../rman/program.ts'
import type { RmanSettings, Settings } from '../settings.ts'
import { traceControlFile } from '../statements/backup.ts'

const once = { attempts: 1, pause: 0 }

/** Has the server write a small script of its control file into the exchange directory, reads and removes it, and begins to read each data file: the one way to know. */
export async function checkFiles(settings: Settings, inventory: Inventory, signal: AbortSignal): Promise<Finding[]> {
  const login = await loginOf(settings.connection, signal)
  const control = new Control(login, await Session.connect(login, signal), once)
  const directories = new Directories(control, 'doctor', settings.directory)
  const remote = new RemoteFiles({ login, control, directories, signal, patience: once })
  const files: ServerFiles = topologyOf(settings) === 'local' ? new LocalFiles(settings.paths) : remote
  try {
    const findings = await checkDirectory(settings, control, files)
    if (settings.rman) findings.push(...(await checkRman(settings.rman, signal)))
    // It reads the data files itself.
    if (settings.method === 'rman') return findings
    for (const { path } of inventory.dataFiles) {
      if (formOf(path) === 'asm' && settings.asm === 'copy') continue
      const finding = await checkFile(path, settings, files)
      if (finding) findings.push(finding)
    }
    return findings
  } finally {
    await files.close()
    await directories.close()
    await control.end()
  }
}

async function checkRman(rman: RmanSettings, signal: AbortSignal): Promise<Finding[]> {
  try {
    await runRman(rman, [connect], signal)
    return []
  } catch (error) {
    signal.throwIfAborted()
    return [findingOf(error)]
  }
}

async function checkDirectory(settings: Settings, control: Control, files: ServerFiles): Promise<Finding[]> {
  const path = joinPath(settings.directory, `failsafe-probe-${randomUUID()}.sql`)
  try {
    await control.run(traceControlFile(path))
  } catch (error) {
    return [findingOf(explainWrite(error, path))]
  }
  const finding = await checkFile(path, settings, files)
  if (finding) return [finding]
  try {
    await files.remove(path)
    return []
  } catch (error) {
    return [
      {
        code: 'oracle-left-behind',
        grave: false,
        what: `What the server writes into ${settings.directory} cannot be removed again`,
        why: messageOf(error),
        fix: 'Give the account of failsafe the right to remove files there; through the connection: GRANT EXECUTE ON SYS.UTL_FILE',
      },
    ]
  }
}

async function checkFile(path: string, settings: Settings, files: ServerFiles): Promise<Finding | undefined> {
  try {
    const file = await files.open(path)
    try {
      await file.read(0, 512)
    } finally {
      await file.close()
    }
    return undefined
  } catch (error) {
    return findingOf(explainFile(error, topologyOf(settings)))
  }
}

function findingOf(error: unknown): Finding {
  if (!(error instanceof Failure)) throw error
  const { code, message, why, fix } = error
  return { code, grave: true, what: message, why: why ?? '', fix: fix ?? '' }
}
