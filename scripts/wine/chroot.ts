import { spawn } from 'node:child_process'
import { copyFile, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findMirror } from '../setup/servers.ts'

/** The Debian release whose wine runs Node 24: that of the one before aborts. */
const suite = 'trixie'
const packages = ['wine', 'wine64', 'gcc-mingw-w64-x86-64']

/** Where the sources lie in the chroot; nothing is written there. */
export const project = '/project'

export interface Ended {
  code: number
  stdout: string
  stderr: string
}

/**
 * A Debian with wine and mingw in a directory. What is run in it has mounts and processes of its own: the mounts are gone with it, and so are the processes that
 * wine leaves behind. The network is that of the machine.
 */
export class Chroot {
  readonly root: string
  readonly #sources: string

  private constructor(root: string, sources: string) {
    this.root = root
    this.#sources = sources
  }

  /** Made once, and used again: half made, it is made anew. @param directory for it alone */
  static async make(directory: string, sources: string): Promise<Chroot> {
    const root = join(directory, 'root')
    const made = join(directory, 'made')
    const chroot = new Chroot(root, sources)
    const wanted = `${suite} ${packages.join(' ')}\n`
    if ((await readFile(made, 'utf8').catch(() => '')) === wanted) return chroot
    await rm(root, { recursive: true, force: true })
    await mkdir(join(root, project), { recursive: true })
    const mirror = await findMirror()
    if (mirror === undefined) throw new Error('apt knows no Debian mirror (run apt-get update)')
    await must('debootstrap', await chroot.#outside(['debootstrap', '--variant=minbase', suite, root, mirror]))
    const apt = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq']
    await chroot.runOk([...apt, 'update'])
    await chroot.runOk([...apt, 'install', '-y', '--no-install-recommends', ...packages])
    await writeFile(made, wanted)
    return chroot
  }

  /** Where a path of the chroot is on this machine. */
  path(inside: string): string {
    return join(this.root, inside)
  }

  /** What it says goes into files: Node for Windows cannot write into a pipe that wine got from outside. */
  async run(
    command: readonly string[],
    { env = {}, cwd = '/' }: { env?: Record<string, string>; cwd?: string } = {},
  ): Promise<Ended> {
    // The names of servers are looked up as the machine does it.
    await copyFile('/etc/resolv.conf', this.path('/etc/resolv.conf'))
    const mounts = [
      'mount -t proc proc "$1/proc"',
      'mount --rbind /dev "$1/dev"',
      `mount --bind "$2" "$1${project}"`,
      `mount -o remount,bind,ro "$1${project}"`,
      'root=$1; shift 2; exec chroot "$root" "$@"',
    ]
    const variables = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8', ...env }
    const inside = ['env', '-i', '-C', cwd, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)]
    return this.#outside(['sh', '-ec', mounts.join('\n'), 'sh', this.root, this.#sources, ...inside, ...command])
  }

  async runOk(command: readonly string[], options?: Parameters<Chroot['run']>[1]): Promise<string> {
    const ended = await this.run(command, options)
    await must(command[0]!, ended)
    return ended.stdout
  }

  async #outside(command: readonly string[]): Promise<Ended> {
    const files = ['stdout', 'stderr'].map(name => join(this.root, '..', name))
    const [stdout, stderr] = await Promise.all(files.map(file => open(file, 'w+')))
    try {
      const alone = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private']
      const child = spawn('nice', [...alone, ...command], { stdio: ['ignore', stdout!.fd, stderr!.fd] })
      const code = await new Promise<number>((resolve, reject) => {
        child.once('error', reject)
        child.once('close', code => resolve(code ?? -1))
      })
      return { code, stdout: await readFile(files[0]!, 'utf8'), stderr: await readFile(files[1]!, 'utf8') }
    } finally {
      await Promise.all([stdout!.close(), stderr!.close()])
    }
  }
}

async function must(what: string, { code, stdout, stderr }: Ended): Promise<void> {
  if (code !== 0) throw new Error(`${what} ended with ${code}:\n${`${stdout}\n${stderr}`.trim().slice(-3000)}`)
}
