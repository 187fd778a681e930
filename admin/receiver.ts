import { SignatureV4 } from '@smithy/signature-v4'
import type { z } from 'zod'
import { Failure, messageOf } from '../shared/failure.ts'
import { Problem, ProblemError } from '../shared/problem.ts'
import type { Access } from './access.ts'
import { Sha256 } from './sha256.ts'

/** The admin API, signed as AWS_IAM wants it. */
export class AdminReceiver {
  readonly #access: Access
  readonly #signer: SignatureV4

  constructor(access: Access) {
    const { region, credentials } = access
    this.#access = access
    this.#signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 })
  }

  /** @throws ProblemError for a refusal; Failure `receiver-unreachable`, `credentials-missing`, `credentials-refused` or `receiver-unclear` */
  async call<T>(method: string, target: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    const url = new URL(target, this.#access.url)
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = await this.#sign(method, url, text)
    const response = await fetch(url, {
      method,
      headers,
      body: text ?? null,
      redirect: 'error',
      signal: AbortSignal.timeout(60_000),
    }).catch(cause => {
      throw this.#unreachable(cause)
    })
    const answer: unknown = await response.json().catch(() => undefined)
    if (!response.ok) throw this.#refusal(response.status, answer)
    const parsed = schema.safeParse(answer)
    if (parsed.success) return parsed.data
    throw this.#unclear('its answer is not what this version understands')
  }

  async #sign(method: string, url: URL, body: string | undefined): Promise<Record<string, string>> {
    const { protocol, host, hostname, pathname: path, searchParams } = url
    const headers: Record<string, string> = { host }
    if (body !== undefined) headers['content-type'] = 'application/json'
    try {
      const query = Object.fromEntries(searchParams)
      const signed = await this.#signer.sign({ method, protocol, hostname, path, query, headers, body })
      const { host: _host, ...rest } = signed.headers
      return rest
    } catch (cause) {
      throw new Failure('credentials-missing', 'There are no AWS credentials to sign with', {
        why: messageOf(cause),
        fix: 'Log in (aws sso login, AWS_PROFILE, AWS_ACCESS_KEY_ID …) as somebody who may invoke the admin API',
        cause,
      })
    }
  }

  #refusal(status: number, answer: unknown): Failure {
    const problem = Problem.safeParse(answer)
    if (problem.success) return ProblemError.fromDocument(problem.data)
    if (status === 401 || status === 403)
      return new Failure('credentials-refused', `${this.#access.url} refuses these AWS credentials`, {
        why: `it answered ${status}`,
        fix: 'Use credentials of the provider that may invoke the admin API (execute-api:Invoke), and check the clock',
      })
    return this.#unclear(`it answered ${status}`)
  }

  #unclear(why: string): Failure {
    return new Failure('receiver-unclear', `${this.#access.url} does not answer as a FailSafe receiver`, {
      why,
      fix: 'Check the address',
    })
  }

  #unreachable(cause: unknown): Failure {
    const root = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
    return new Failure('receiver-unreachable', `The receiver ${this.#access.url} cannot be reached`, {
      why: (root as NodeJS.ErrnoException).code ?? messageOf(root),
      fix: 'Check the address, the network, the firewall and the proxy',
      cause,
    })
  }
}
