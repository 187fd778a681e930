import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { arch, availableParallelism, cpus, release, totalmem } from 'node:os'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Where figures come from, as Markdown list lines: commit, date, machine. No host names and no paths. */
export async function describeRun(root: string, now: Date): Promise<string[]> {
  const { stdout: commit } = await execute('git', ['-C', root, 'rev-parse', '--short=12', 'HEAD'])
  const { stdout: changes } = await execute('git', ['-C', root, 'status', '--porcelain', '--untracked-files=no'])
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`
  return [
    `- commit: ${commit.trim()}${changes.trim() === '' ? '' : ' with local changes'}`,
    `- date: ${now.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    `- machine: ${availableParallelism()} × ${cpus()[0]?.model.trim() ?? arch()}, ${memory}, ${await system()}, Node ${process.version}`,
  ]
}

async function system(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^PRETTY_NAME="?([^"\n]+)/m.exec(text)?.[1] ?? `${process.platform} ${release()}`
}
