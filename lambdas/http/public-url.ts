import type { HonoRequest } from 'hono'
import type { Ports } from './ports.ts'

/** Where people reach this receiver: as the provider set it, or as this request did. Without a slash at the end. */
export function publicUrl({ env }: Ports, request: HonoRequest): string {
  if (env.PUBLIC_URL !== undefined) return env.PUBLIC_URL.replace(/\/+$/, '')
  const { host } = new URL(request.url)
  return `${request.header('x-forwarded-proto') === 'http' ? 'http' : 'https'}://${host}`
}
