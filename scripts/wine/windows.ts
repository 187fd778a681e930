import { copyFile, mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { parametersFor } from '../../test/doubles/notes/build.ts'
import { type Chroot, type Ended, project } from './chroot.ts'

/** In the chroot. */
const prefix = '/opt/failsafe/prefix'
const programs = `${prefix}/drive_c/programs`
const gcc = 'x86_64-w64-mingw32-gcc'
const strict = ['-O2', '-Wall', '-Wextra', '-Werror', '-municode']

const environment = {
  WINEPREFIX: prefix,
  WINEDEBUG: '-all',
  XDG_RUNTIME_DIR: '/tmp',
  // These are ours, and not wine's; no Mono and no Gecko, which wine would ask for.
  WINEDLLOVERRIDES: 'icacls.exe,powershell.exe,diskshadow.exe,vssadmin.exe,wbadmin.exe=n;mscoree=;mshtml=',
}

/** Where drives of the Exchange server of the tests are found: all letters but wine's own. */
const letters = [...'DEFGHIJKLMNOPQRSTUVWXY']

/** A Windows of wine with nothing in it but the binary, one that dies where it is told to, Node, and what stands in for Domino's library and for programs of Windows. */
export class Windows {
  readonly #chroot: Chroot

  private constructor(chroot: Chroot) {
    this.#chroot = chroot
  }

  /** @param files by the names that they get: `failsafe.exe`, `mortal.exe`, `node.exe` */
  static async make(chroot: Chroot, files: Record<'failsafe' | 'mortal' | 'node', string>): Promise<Windows> {
    await rm(chroot.path('/opt/failsafe'), { recursive: true, force: true })
    await mkdir(chroot.path('/opt/failsafe'), { recursive: true })
    await chroot.runOk(['sh', '-ec', 'wineboot -i; wineserver -w'], { env: environment })
    await mkdir(chroot.path(programs))
    for (const [name, file] of Object.entries(files)) await copyFile(file, chroot.path(`${programs}/${name}.exe`))

    const compile = (folder: string, output: string, parameters: readonly string[]) =>
      chroot.runOk([gcc, ...parameters, '-o', output], { cwd: `${project}/${folder}` })
    const notes = await parametersFor('windows')
    await compile('test/doubles/notes/c', `${programs}/nnotes.dll`, notes.library)
    await compile('test/doubles/notes/c', `${programs}/writer.exe`, notes.writer)
    await compile('test/doubles/windows/bin', `${programs}/launcher.exe`, [...strict, 'launcher.c'])
    await compile('scripts/wine', `${prefix}/drive_c/windows/system32/icacls.exe`, [...strict, 'icacls.c'])

    for (const letter of letters)
      await symlink(
        `../drive_c/exchange/drives/${letter}`,
        join(chroot.path(`${prefix}/dosdevices`), `${letter.toLowerCase()}:`),
      )
    return new Windows(chroot)
  }

  /** Where a file of its drive C is on this machine. */
  path(...inside: string[]): string {
    return join(this.#chroot.path(`${prefix}/drive_c`), ...inside)
  }

  /** Runs a script of ours with Node for Windows. @param script below the project. @param env more of its environment */
  run(script: string, env: Record<string, string>): Promise<Ended> {
    const command = ['wine', 'C:\\programs\\node.exe', `Z:${project}/${script}`.replaceAll('/', '\\')]
    return this.#chroot.run(command, { env: { ...environment, ...env } })
  }
}
