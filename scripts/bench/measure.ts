import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Measured {
  wall: number
  /** User and system seconds of everything that ran, server excluded. */
  cpu: number
  /** Those of the database server meanwhile. */
  serverCpu: number
  /** Peak resident bytes of the largest process, and the sum of every process's own peak. */
  rss: { largest: number; all: number }
  stdout: string
}

const samplingMilliseconds = 50

const ticksPerSecond = 100

async function cpuOf(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/**
 * Runs a bash script to its end and measures all of its processes, and what it cost the database server.
 * @throws with its output if it fails
 */
export async function measure(script: string, env: Record<string, string>, server: number): Promise<Measured> {
  const serverBefore = await cpuOf(server)
  // bash itself adds up the CPU of the children it waited for; fd 3 carries the figures past the script's own output.
  const timed = `TIMEFORMAT='%R %U %S'; exec 4>&2; { time { set -eo pipefail; ${script}\n} 2>&4; } 2>&3`
  const child = spawn('bash', ['-c', timed], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  const text = { stdout: '', stderr: '', figures: '' }
  const streams = [child.stdio[1], child.stdio[2], child.stdio[3]] as NodeJS.ReadableStream[]
  for (const [index, name] of (['stdout', 'stderr', 'figures'] as const).entries())
    streams[index]!.setEncoding('utf8').on('data', chunk => {
      text[name] += chunk
    })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const peaks = new Map<number, number>()
  const sampling = new AbortController()
  const sampler = samplePeaks(child.pid!, peaks, sampling.signal)
  const code = await ended.finally(() => sampling.abort())
  await sampler
  if (code !== 0)
    throw new Error(`ended with ${code}: ${script}\n${text.stdout.slice(-2000)}\n${text.stderr.slice(-2000)}`)
  const [wall, user, system] = text.figures.trim().split(' ').map(Number)
  const all = [...peaks.values()]
  return {
    wall: wall!,
    cpu: user! + system!,
    serverCpu: (await cpuOf(server)) - serverBefore,
    rss: { largest: Math.max(...all), all: all.reduce((sum, one) => sum + one, 0) },
    stdout: text.stdout,
  }
}

/** Notes the kernel's own high-water mark of every process below `root` until aborted. */
async function samplePeaks(root: number, peaks: Map<number, number>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const pid of await descendants(root)) {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
      const kib = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]
      if (kib) peaks.set(pid, Number(kib) * 1024)
    }
    await sleep(samplingMilliseconds)
  }
}

/** Processes below `root`; the shell itself is not what we measure. To look through all of /proc would take a fifth of a core. */
async function descendants(root: number): Promise<number[]> {
  const found: number[] = []
  for (const thread of await readdir(`/proc/${root}/task`).catch(() => [])) {
    const children = await readFile(`/proc/${root}/task/${thread}/children`, 'utf8').catch(() => '')
    for (const child of children.split(' ').filter(Boolean).map(Number))
      found.push(child, ...(await descendants(child)))
  }
  return found
}
