import type { LambdaEvent } from 'hono/aws-lambda'
import { createMiddleware } from 'hono/factory'
import { z } from 'zod'
import { ProblemError } from '../../shared/problem.ts'
import type { ProviderEnv } from '../provider/routes.ts'

export interface AdminEnv extends ProviderEnv {
  Bindings: { event?: LambdaEvent }
  Variables: ProviderEnv['Variables'] & { arn: string }
}

const Signed = z.object({
  requestContext: z.object({ authorizer: z.object({ iam: z.object({ userArn: z.string().min(1) }) }) }),
})

/** Refuses what reached this function in any other way than through the AWS_IAM authorizer. */
export const providerOnly = createMiddleware<AdminEnv>(async (c, next) => {
  const signed = Signed.safeParse(c.env?.event)
  if (!signed.success) throw new ProblemError('proof-invalid', 'it carries no AWS signature')
  const { userArn } = signed.data.requestContext.authorizer.iam
  c.set('arn', userArn)
  c.set('actor', `admin:${userArn}`)
  await next()
})
