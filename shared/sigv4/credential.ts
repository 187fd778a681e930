/** What belongs to an access key. */
export interface Credential {
  secretAccessKey: string
  /** Present for session credentials: requests must carry exactly this token. */
  sessionToken?: string
  /** Whom the host knows by this key, e.g. a role's logical id. */
  principal: string
}
