/** Variables of ours that hold secrets. */
const ours = ['FAILSAFE_ENROL_TOKEN', 'FAILSAFE_LINK', 'FAILSAFE_IDENTITY', 'FAILSAFE_PASSCODE', 'FAILSAFE_TARGET']

/** The secrets that this process has in its environment: its own, and the passwords that the configuration says are there. */
export function secretsIn(env: NodeJS.ProcessEnv, configuration: string): string[] {
  const named = [...configuration.matchAll(/\bpasswordEnv["']?\s*:\s*["']?(\w+)/g)].map(([, name]) => name!)
  return [...ours, ...named].flatMap(name => env[name] ?? [])
}
