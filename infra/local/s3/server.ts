import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AccessControl } from '../access.ts'
import { checkName } from './bucket/bucket.ts'
import type { CorsRule } from './cors.ts'
import type { Intercept } from './fault.ts'
import { serve } from './serve.ts'
import { openStore } from './store/store.ts'

export interface S3Options {
  /** Holds all state; made if it is missing. One server at a time. */
  directory: string
  /** 0 or left out: any free one. */
  port?: number
  /** What was answered survives the loss of power, too (the default). */
  durable?: boolean
  access: AccessControl
  now?: () => Date
  region?: string
  /** For tests: makes a fault of a request. */
  intercept?: Intercept
  /** Told what is this server's own fault; the client gets a 500. */
  report?: (error: unknown) => void
}

export interface S3 {
  /** e.g. `http://127.0.0.1:4566`, for path-style requests. */
  url: string
  port: number
  /**
   * Idempotent: a bucket that exists keeps its objects and takes over these properties. Object lock implies versioning, and neither
   * is ever turned off.
   */
  createBucket(name: string, properties: { objectLock: boolean; versioned?: boolean; cors?: CorsRule[] }): void
  /** Breaks off what is under way. */
  close(): Promise<void>
}

/** Milliseconds without a byte after which a connection is given up. */
const idleTimeout = 60_000

/** Starts the stand-in of S3 on 127.0.0.1. State survives `close` as well as the death of the process. */
export async function startS3(options: S3Options): Promise<S3> {
  const { directory, access, now = () => new Date(), region = 'us-east-1', intercept, report = console.error } = options
  const store = await openStore(directory, options.durable)
  const service = { store, access, now, region }
  const running = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    const serving = serve(request, response, service, intercept?.(request), report).finally(() =>
      running.delete(serving),
    )
    running.add(serving)
  })
  server.requestTimeout = 0 // a slow line may take as long as it needs for a part
  server.timeout = idleTimeout
  server.keepAliveTimeout = idleTimeout
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  }).catch(error => {
    store.close()
    throw error
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    createBucket(name, { objectLock, versioned = false, cors = [] }) {
      checkName(name)
      const existing = store.buckets.find(name)
      const locked = objectLock || existing?.locked === true
      const versioning = locked || versioned ? 'Enabled' : (existing?.versioning ?? 'Off')
      store.buckets.put({ name, versioning, locked, cors }, now())
    },
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
      await Promise.all(running)
      store.close()
    },
  }
}
