export interface Route<Target> {
  /** `GET /v1/sources/{source}/heads`, `ANY /v1/admin/{proxy+}` or `$default`. */
  key: string
  target: Target
}

export interface Match<Target> extends Route<Target> {
  pathParameters: Record<string, string>
}

type Segment = { kind: 'static'; text: string } | { kind: 'parameter'; name: string } | { kind: 'greedy'; name: string }
interface Compiled<Target> extends Route<Target> {
  method: string
  segments: Segment[]
}

/**
 * Chooses as an HTTP API does: a full match before one with a greedy `{proxy+}`, fixed segments before parameters, a method before
 * ANY, and `$default` last. The path is not decoded yet; parameters come out decoded.
 */
export function compileRoutes<Target>(
  routes: Route<Target>[],
): (method: string, path: string) => Match<Target> | undefined {
  const fallback = routes.find(({ key }) => key === '$default')
  const compiled = routes.filter(route => route !== fallback).map(compile)
  compiled.sort(byPrecedence)
  return (method, path) => {
    const segments = split(path)
    for (const route of compiled) {
      if (route.method !== 'ANY' && route.method !== method) continue
      const pathParameters = bind(route.segments, segments)
      if (pathParameters) return { key: route.key, target: route.target, pathParameters }
    }
    return fallback && { ...fallback, pathParameters: {} }
  }
}

function compile<Target>(route: Route<Target>): Compiled<Target> {
  const [method, path, ...rest] = route.key.split(' ')
  if (!method || !path?.startsWith('/') || rest.length > 0) throw new Error(`unknown form of route key: ${route.key}`)
  const segments = split(path).map((text): Segment => {
    const [, name, greedy] = /^\{([^{}+]+)(\+?)\}$/.exec(text) ?? []
    if (name === undefined) return { kind: 'static', text }
    return { kind: greedy ? 'greedy' : 'parameter', name }
  })
  const early = segments.findIndex(({ kind }) => kind === 'greedy')
  if (early >= 0 && early !== segments.length - 1) throw new Error(`a greedy parameter must be last: ${route.key}`)
  return { ...route, method, segments }
}

const split = (path: string): string[] => path.split('/').slice(1)

function bind(pattern: Segment[], segments: string[]): Record<string, string> | undefined {
  const bound: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    if (part.kind === 'greedy') {
      const rest = segments.slice(index)
      if (rest.length === 0) return undefined
      bound[part.name] = rest.map(decodeURIComponent).join('/')
      return bound
    }
    const segment = segments[index]
    if (segment === undefined) return undefined
    if (part.kind === 'parameter') {
      if (segment === '') return undefined
      bound[part.name] = decodeURIComponent(segment)
    } else if (part.text !== segment) return undefined
  }
  return segments.length === pattern.length ? bound : undefined
}

function byPrecedence(a: Compiled<unknown>, b: Compiled<unknown>): number {
  const rank = { static: 0, parameter: 1, greedy: 2 }
  const greedy = (route: Compiled<unknown>) => Number(route.segments.at(-1)?.kind === 'greedy')
  if (greedy(a) !== greedy(b)) return greedy(a) - greedy(b)
  for (let index = 0; index < Math.min(a.segments.length, b.segments.length); index++) {
    const difference = rank[a.segments[index]!.kind] - rank[b.segments[index]!.kind]
    if (difference !== 0) return difference
  }
  if (a.segments.length !== b.segments.length) return b.segments.length - a.segments.length
  return Number(a.method === 'ANY') - Number(b.method === 'ANY')
}
