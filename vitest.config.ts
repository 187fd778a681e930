import { defineConfig } from 'vitest/config'

/** The whole counts that issues name take their time. */
const long = process.env.FAILSAFE_LONG === '1'

export default defineConfig({
  test: {
    testTimeout: long ? 900_000 : 60_000,
    hookTimeout: 120_000,
    // Two cores with five things to do.
    expect: { poll: { timeout: 10_000 } },
    // Many tests wait more than they work: for a minute of a schedule, a silence, a server to start.
    maxWorkers: 3,
    // A test file's heap grows to some hundred MiB at once: V8's usual steps there are collections that find next to nothing.
    execArgv: ['--min-semi-space-size=16', '--max-semi-space-size=32', '--initial-heap-size=256'],
    projects: [
      {
        extends: true,
        test: { name: 'parts', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**', 'test/package/**'] },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/{e2e,package}/**/*.test.ts'],
          globalSetup: './test/e2e/build.ts',
          testTimeout: long ? 900_000 : 180_000,
        },
      },
    ],
  },
})
