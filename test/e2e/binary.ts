import { join } from 'node:path'

/** The built binary, made by test/e2e/build.ts before the first test. */
export const failsafeBinary = join(import.meta.dirname, '../../dist/failsafe-linux-x64')
