import { quoteName, quoteText } from './quote.ts'
import { statement } from './statement.ts'

/**
 * What the server signs its requests with for all URLs below this one. It takes no variables for them.
 * @param url as URLs begin, without a slash at the end. @param accessKey, secretKey letters and digits
 */
export const createCredential = (url: string, accessKey: string, secretKey: string) =>
  statement(
    `CREATE CREDENTIAL ${quoteName(url)}
WITH IDENTITY = 'S3 Access Key', SECRET = ${quoteText(`${accessKey}:${secretKey}`)}`,
  )

export const dropCredential = (url: string) => statement(`DROP CREDENTIAL ${quoteName(url)}`)

/** Those whose names are like this, with `%` for anything. */
export const credentialsLike = (pattern: string) =>
  statement('SELECT name FROM sys.credentials WHERE name LIKE @pattern', { pattern: { value: pattern, length: 128 } })
