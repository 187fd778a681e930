import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { defaultProvider } from '@aws-sdk/credential-provider-node'
import { z } from 'zod'
import { Failure } from '../shared/failure.ts'

/** Where the receiver is, and as whom it is asked. */
export interface Access {
  url: string
  region: string
  credentials: ReturnType<typeof defaultProvider>
}

export interface AccessOptions {
  url?: string
  local?: string
}

/** `admin.json`, which the embedded cloud writes for its provider. */
const LocalAdmin = z.object({
  url: z.url(),
  region: z.string(),
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
})

const defaultLocal = '.failsafe-local'

/**
 * `--url` or FAILSAFE_RECEIVER with the AWS credentials of the environment, else the embedded cloud in `--local`, else one in
 * the current directory.
 * @throws Failure `receiver-unknown` or `local-unreadable`
 */
export async function findAccess(options: AccessOptions, env: NodeJS.ProcessEnv = process.env): Promise<Access> {
  const url = options.url ?? (options.local === undefined ? env.FAILSAFE_RECEIVER : undefined)
  if (url !== undefined) {
    // Large, and of no use with the embedded cloud.
    const { defaultProvider } = await import('@aws-sdk/credential-provider-node')
    return { url: originOf(url), region: regionOf(url, env), credentials: defaultProvider() }
  }
  const local = await readLocal(options.local ?? defaultLocal)
  if (local) {
    const { accessKeyId, secretAccessKey } = local
    return {
      url: originOf(local.url),
      region: local.region,
      credentials: async () => ({ accessKeyId, secretAccessKey }),
    }
  }
  if (options.local !== undefined)
    throw new Failure('local-unreadable', `There is no admin.json in ${options.local}`, {
      fix: 'Start the embedded cloud with this directory: npm run local -- --directory DIR',
    })
  throw new Failure('receiver-unknown', 'It is not said which receiver is meant', {
    fix: 'Give --url or FAILSAFE_RECEIVER, or --local with the directory of the embedded cloud',
  })
}

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost'])

/** Answers carry enrolment tokens and links: nothing but https leaves the machine. */
function originOf(url: string): string {
  if (URL.canParse(url)) {
    const { protocol, hostname, origin } = new URL(url)
    if (protocol === 'https:' || (protocol === 'http:' && loopback.has(hostname))) return origin
    throw new Failure('receiver-unknown', `${JSON.stringify(url)} cannot be asked`, {
      why: 'it must begin with https:// (http:// is for this machine only)',
      fix: 'Give the address that the deployment printed',
    })
  }
  throw new Failure('receiver-unknown', `${JSON.stringify(url)} is not a web address`, {
    fix: 'Give the address that the deployment printed',
  })
}

/** The region that a request is signed for: the one in the address of API Gateway, else the environment's. */
function regionOf(url: string, env: NodeJS.ProcessEnv): string {
  const region = /\.execute-api\.([a-z0-9-]+)\.amazonaws\./.exec(url)?.[1] ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION
  if (region !== undefined) return region
  throw new Failure('region-unknown', 'It is not said in which AWS region the receiver is', { fix: 'Set AWS_REGION' })
}

async function readLocal(directory: string): Promise<z.infer<typeof LocalAdmin> | undefined> {
  const path = join(directory, 'admin.json')
  try {
    return LocalAdmin.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new Failure('local-unreadable', `${path} cannot be read`, {
      why: code ?? 'it is not what the embedded cloud writes',
      fix: 'Start the embedded cloud again, or correct --local',
      cause,
    })
  }
}
