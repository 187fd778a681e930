import { devNull } from 'node:os'
import type { KeyPair, SessionKeys } from './iam/access.ts'
import type { Place } from './plan/identity.ts'
import type { Plan } from './plan/plan.ts'

export interface Endpoints {
  s3: string
  dynamodb: string
  sns: string
}

/** The variables that a function sees: the template's, and those that Lambda's runtime sets. Nothing of the host's own leaks in. */
export function environmentOf(
  { name, properties }: Plan['functions'][number],
  code: string,
  keys: KeyPair | SessionKeys,
  endpoints: Endpoints,
  { region }: Place,
): Record<string, string> {
  return {
    ...properties.Environment.Variables,
    // There is no network behind this machine that a webhook could intrude into, and what it is tried out with is here.
    WEBHOOK_ADDRESSES: 'any',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    ...('sessionToken' in keys ? { AWS_SESSION_TOKEN: keys.sessionToken } : {}),
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SNS: endpoints.sns,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(properties.MemorySize),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    LAMBDA_TASK_ROOT: code,
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    // The files of whoever runs the host are not there in Lambda either.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  }
}
