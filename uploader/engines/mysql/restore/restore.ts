import type { RestoreContext, RestoreInput, RestoreReport } from '../../engine.ts'
import { apply, requireFiles } from './apply.ts'
import { readFiles } from './files.ts'
import { runbook } from './runbook.ts'
import { parseTarget } from './target.ts'

export async function restore(input: RestoreInput, context: RestoreContext): Promise<RestoreReport> {
  const text = runbook(input)
  if (!input.apply) return { runbook: text, applied: false, notes: [] }
  const login = parseTarget(input.apply.target)
  const files = await readFiles(input)
  requireFiles(files)
  return { runbook: text, applied: true, notes: await apply(login, input, files, context) }
}
