/** The receiver refused; `code` is one of shared/problem.ts. */
export class Refused extends Error {
  readonly code: string
  readonly why: string | undefined
  constructor(code: string, why?: string) {
    super(why ?? code)
    this.code = code
    this.why = why
  }
}

/** No answer came, or one that is not the receiver's. */
export class Unreachable extends Error {}

/** What is sent with every call of a page; secrets are in headers and nowhere else. */
export interface Access {
  secret: string
  passcode?: string
}

/**
 * One call of a page to its own origin.
 * @returns the answer; undefined where there is none to give
 * @throws Refused, Unreachable, or what `signal` was aborted with
 */
export async function call<T>(
  { secret, passcode }: Access,
  method: string,
  path: string,
  options: { body?: unknown; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const { body, signal } = options
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers: {
        authorization: `Bearer ${secret}`,
        ...(passcode === undefined ? {} : { 'x-failsafe-passcode': passcode }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw new Unreachable('no connection', { cause: error })
  }
  if (response.status === 204) return undefined as T
  const answer: unknown = await response.json().catch(cause => {
    signal?.throwIfAborted()
    throw new Unreachable(`an answer with status ${response.status} that is not the receiver's`, { cause })
  })
  if (response.ok) return answer as T
  const { code, detail } = answer as { code?: string; detail?: string }
  if (code === undefined || response.status >= 500) throw new Unreachable(`status ${response.status}`)
  throw new Refused(code, detail)
}

export function isAborted(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
