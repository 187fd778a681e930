import { spawn } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, relative } from 'node:path'
import { z } from 'zod'

const Report = z.object({
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
})

export interface Counts {
  passed: number
  /** What failed, a line each. */
  failures: string[]
}

/** Runs a program with its output on ours; resolves to whether it succeeded. */
export function succeeds(command: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  return new Promise((resolve, reject) => {
    // A log file is read as plain text.
    const plain = process.stdout.isTTY ? {} : { NO_COLOR: '1' }
    const child = spawn(command, args, { stdio: ['ignore', 1, 2], env: { ...env, ...plain } })
    child.once('error', reject)
    child.once('close', code => resolve(code === 0))
  })
}

/** Counts a vitest JSON report. What is neither passed nor failed was skipped, and a skipped test proves nothing: it counts as failed. */
export function count(report: unknown, root: string): Counts {
  const { success, testResults } = Report.parse(report)
  let passed = 0
  const failures: string[] = []
  for (const file of testResults) {
    const name = relative(root, file.name)
    const before = failures.length
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed++
      else failures.push(`${name}: ${test.fullName}${test.status === 'failed' ? '' : ` (${test.status})`}`)
    }
    if (file.status === 'failed' && failures.length === before) failures.push(`${name}: ${file.message ?? 'failed'}`)
  }
  if (!success && failures.length === 0) failures.push('an error outside of any test')
  return { passed, failures }
}

/** Runs vitest over everything, or over `filters`. */
export async function runTests(root: string, filters: string[], env: NodeJS.ProcessEnv): Promise<Counts> {
  const file = `${root}/build/vitest.json`
  await mkdir(dirname(file), { recursive: true })
  await rm(file, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const ok = await succeeds('vitest', ['run', ...reporters, ...filters], env)
  const counts = count(JSON.parse(await readFile(file, 'utf8')), root)
  if (!ok && counts.failures.length === 0) counts.failures.push('an error outside of any test')
  return counts
}
