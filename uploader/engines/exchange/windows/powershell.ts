import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../../../shared/failure.ts'
import { lastWords, runTool, systemTool } from './tool.ts'

/**
 * Runs a script with Windows PowerShell, whose only output is one JSON document.
 * @param what the script is there for, for the error
 * @throws Failure `exchange-powershell`
 */
export async function runScript(script: string, what: string, signal: AbortSignal): Promise<unknown> {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-'))
  try {
    const path = join(directory, 'script.ps1')
    // With the mark, or PowerShell reads names beyond ASCII in the system's own code page.
    await writeFile(path, `\uFEFF${script.replaceAll('\n', '\r\n')}`, { mode: 0o600 })
    const program = systemTool('WindowsPowerShell', 'v1.0', 'powershell.exe')
    const args = ['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', path]
    const said = await runTool(program, args, { signal })
    if (said.code !== 0) throw failed(what, lastWords(said))
    try {
      return JSON.parse(said.stdout)
    } catch {
      throw failed(what, `it printed no JSON: ${lastWords(said)}`)
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function failed(what: string, why: string): Failure {
  return new Failure('exchange-powershell', `PowerShell could not ${what}`, {
    why,
    fix: 'Give the account of failsafe (the computer account, where it runs as SYSTEM) the role group “View-Only Organization Management”, and run it as an administrator: failsafe doctor says what is missing',
    retriable: true,
  })
}
