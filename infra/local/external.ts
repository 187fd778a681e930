import { Failure } from '../../shared/failure.ts'
import type { KeyPair } from './iam/access.ts'

/**
 * Servers of the operator's own (Ceph RGW, MinIO, DynamoDB Local, …) in place of the stand-ins. They know one credential for
 * everything, so the roles of the template are not enforced on them.
 */
export interface External {
  s3Url?: string | undefined
  dynamodbUrl?: string | undefined
  credentials: KeyPair
}

/** From the variables that the AWS SDK itself reads. @returns undefined if none names a server */
export function externalFrom(environment: NodeJS.ProcessEnv): External | undefined {
  const {
    AWS_ENDPOINT_URL_S3: s3Url,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  } = environment
  if (!s3Url && !dynamodbUrl) return undefined
  if (!accessKeyId || !secretAccessKey)
    throw new Failure('external-credentials-missing', 'There are no credentials for the S3 or DynamoDB of your own', {
      why: 'AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL_DYNAMODB is set',
      fix: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as well, or unset the address',
    })
  return { s3Url, dynamodbUrl, credentials: { accessKeyId, secretAccessKey } }
}
