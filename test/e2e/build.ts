import { runOk } from '../support/run.ts'

/** Builds the binary that the end-to-end tests run: what ships, not what the sources would do. */
export async function setup(): Promise<void> {
  await runOk(process.execPath, ['scripts/package.ts', '--target', 'linux-x64'])
}
