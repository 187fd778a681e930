import { doesNotMatch, equal } from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { lastJson, run } from '../../../test/support/run.ts'
import type { FaultPoint } from '../../../uploader/fault-point.ts'

/** Where the binary is, and what stands in for others: beside the Node that runs this. */
export const programs = dirname(process.execPath)

/** The last line of `--json`, as far as it is looked at. */
const Summary = z.looseObject({
  type: z.literal('summary'),
  kind: z.string().optional(),
  promoted: z.string().nullish(),
  artefacts: z.number().optional(),
  applied: z.boolean().optional(),
  warnings: z.array(z.looseObject({ code: z.string() })).optional(),
})
type Summary = z.infer<typeof Summary>

/** An enrolled Windows server with one source, and its binary. */
export interface Host {
  directory: string
  /** The recovery kit. */
  kit: string
  /** `failsafe VERB... --json`, which has to succeed, perhaps with warnings: its last line. */
  failsafe(...args: string[]): Promise<Summary>
  backup(mode: 'full' | 'log'): Promise<Summary>
  /** A backup that is killed at a step. */
  dieAt(point: FaultPoint, mode: 'full' | 'log'): Promise<void>
  /** Of the newest snapshot, below `directory`. */
  restore(to: string, ...more: string[]): Promise<Summary>
}

/** @param source its name. @param entry the lines of its entry in failsafe.yaml; undefined where `init` makes it */
export async function enrol(directory: string, source: string, entry?: readonly string[]): Promise<Host> {
  const config = join(directory, 'failsafe.yaml')
  const kit = join(directory, 'kit.txt')
  await mkdir(directory, { recursive: true })
  const lines = [
    `state: { dir: '${join(directory, 'state')}' }`,
    `staging: { dir: '${join(directory, 'staging')}', maxBytes: 512MiB }`,
    ...(entry ? ['sources:', `  ${source}:`, ...entry.map(line => `    ${line}`)] : []),
    '',
  ]
  await writeFile(config, lines.join('\n'))
  const failsafe = async (...args: string[]) => {
    const ended = await run(join(programs, 'failsafe.exe'), [...args, '--config', config, '--json'])
    const said = `failsafe ${args.join(' ')} ended with ${ended.code}\n${ended.stdout}${ended.stderr}`
    equal(ended.code === 0 || ended.code === 3, true, said)
    return Summary.parse(lastJson(ended))
  }
  // The token comes in the environment.
  await failsafe('enrol', '--recovery-kit', kit)
  return {
    directory,
    kit,
    failsafe,
    backup: mode => failsafe('backup', source, '--mode', mode),
    async dieAt(point, mode) {
      const args = ['backup', source, '--mode', mode, '--config', config, '--json']
      const { code, stdout, stderr } = await run(join(programs, 'mortal.exe'), args, { env: { FAILSAFE_FAULT: point } })
      // How a process that was killed ends on Windows: nothing tells it from a failure but that it said nothing of its end.
      equal(code, 1, `${point} was never passed: ${stdout}${stderr}`)
      doesNotMatch(stdout, /"type":"(summary|error)"/, `${point} was never passed: ${stdout}${stderr}`)
    },
    restore: (to, ...more) => failsafe('restore', source, '--to', join(directory, to), '--identity', kit, ...more),
  }
}

/** Looks until it is so, for half a minute at most unless it is said. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean, seconds = 30): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it did not come to that: ${what}`)
    await setTimeout(100)
  }
}

/** One line of what was shown, with the seconds that it took until then. */
export function shown(what: string): void {
  console.log(`${Math.round(performance.now() / 1000)} s: ${what}`)
}
