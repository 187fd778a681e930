import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { functions } from '../../infra/functions.ts'
import { receiverApp } from '../../infra/receiver-app.ts'

/** A function that answers with what it was asked: stands in where a test is about the stack and not about the receiver. */
const echo = 'export const handler = async event => ({ statusCode: 200, body: JSON.stringify(event) })\n'

/** Synthesizes the stack into a temporary directory; `sources` replaces the code of single functions. */
export async function synthesizeStack(
  options: { context?: Record<string, unknown>; sources?: Record<string, string> } = {},
): Promise<{ directory: string; remove(): Promise<void> }> {
  const temporary = await mkdtemp(join(tmpdir(), 'failsafe-stack-'))
  const remove = () => rm(temporary, { recursive: true, force: true })
  try {
    const bundles = join(temporary, 'lambdas')
    for (const { name } of functions) {
      await mkdir(join(bundles, name), { recursive: true })
      await writeFile(join(bundles, name, 'index.mjs'), options.sources?.[name] ?? echo)
    }
    const directory = join(temporary, 'cdk.out')
    receiverApp({ outdir: directory, bundles, context: options.context ?? {} }).synth()
    return { directory, remove }
  } catch (error) {
    await remove()
    throw error
  }
}
