import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../../../shared/failure.ts'
import { parseShadows } from '../discovery/answer.ts'
import { shadowsScript } from '../discovery/script.ts'
import { runScript } from '../windows/powershell.ts'
import { lastWords, runTool, systemTool } from '../windows/tool.ts'
import type { ShadowRecord } from './record.ts'
import { removalScript } from './script.ts'

interface Shadow {
  id: string
  volume: string
  /** `P:`, where it is shown. */
  exposed: string | null
}

/**
 * Removes the shadow copies of a run, and no others: those that diskshadow said that it made, and those of its volumes that are shown where it was to show them.
 * @returns where they were shown, or their ids
 * @throws Failure `exchange-shadow-left`
 */
export async function removeShadows(
  directory: string,
  { exposures }: Pick<ShadowRecord, 'exposures'>,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const own = (shadows: readonly Shadow[]) =>
    shadows.filter(
      ({ id, exposed, volume }) =>
        ids.some(other => same(other, id)) ||
        exposures.some(({ letter, device }) => exposed !== null && same(letter, exposed) && same(device, volume)),
    )
  const found = own(await listShadows(signal))
  const said: string[] = []
  for (const shadow of found) said.push(await remove(directory, shadow, signal))
  // What diskshadow says is no proof: whether they are gone is looked at.
  const left = found.length === 0 ? [] : own(await listShadows(signal))
  if (left.length > 0) throw shadowLeft(left, said)
  return found.map(({ exposed, id }) => exposed ?? id)
}

async function remove(directory: string, { id, exposed }: Shadow, signal: AbortSignal): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const script = join(directory, 'remove.dsh')
  await writeFile(script, removalScript(exposed === null ? { id } : { exposed }), { mode: 0o600 })
  return lastWords(await runTool(systemTool('diskshadow.exe'), ['/s', script], { signal, cwd: directory }))
}

async function listShadows(signal: AbortSignal): Promise<Shadow[]> {
  const { shadows } = parseShadows(await runScript(shadowsScript, 'list the shadow copies', signal))
  return shadows.map(({ ID, VolumeName, ExposedName }) => ({
    id: ID,
    volume: VolumeName,
    exposed: ExposedName ? ExposedName.replace(/\\$/, '') : null,
  }))
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function shadowLeft(left: readonly Shadow[], said: readonly string[]): Failure {
  const commands = left.map(({ exposed, id }) =>
    exposed === null ? `delete shadows id ${id}` : `delete shadows exposed ${exposed}`,
  )
  return new Failure('exchange-shadow-left', 'A shadow copy of this backup could not be removed', {
    why: said.join('; '),
    fix: `Run diskshadow as an administrator, and type: ${commands.join('; ')}`,
    retriable: true,
  })
}
