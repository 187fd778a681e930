/** What must hold before a test runs: one command each, in the order of how fast they answer. */
export const checks: { name: string; command: string; args: string[] }[] = [
  { name: 'types', command: 'tsc', args: ['-p', '.'] },
  { name: 'format and lint', command: 'biome', args: ['check', '.'] },
  { name: 'import directions', command: 'depcruise', args: ['.'] },
  { name: 'unused code', command: 'knip', args: [] },
]
