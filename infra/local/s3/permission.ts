import type { AccessControl } from '../access.ts'
import type { Call } from './call.ts'

/** The condition keys of S3, in lower case. Loopback never leaves the machine, which is what the keys about TLS ask for. */
function contextOf(call: Call, createsObject: boolean): Record<string, string[]> {
  const { presigned, payloadHash } = call.verified
  const retainUntil = call.header('x-amz-object-lock-retain-until-date')
  const context: Record<string, string | undefined> = {
    'aws:securetransport': 'true',
    's3:authtype': presigned ? 'REST-QUERY-STRING' : 'REST-HEADER',
    's3:signatureversion': 'AWS4-HMAC-SHA256',
    's3:tlsversion': '1.3',
    's3:signatureage': presigned && String(Math.max(0, call.now.getTime() - presigned.signedAt.getTime())),
    's3:x-amz-content-sha256': payloadHash,
    's3:if-none-match': call.header('if-none-match'),
    's3:objectcreationoperation': String(createsObject),
    's3:object-lock-mode': call.header('x-amz-object-lock-mode'),
    's3:object-lock-retain-until-date': retainUntil,
    's3:object-lock-remaining-retention-days': retainUntil && daysUntil(retainUntil, call.now),
    's3:versionid': call.query.get('versionId'),
    's3:prefix': call.query.get('prefix'),
    's3:delimiter': call.query.get('delimiter'),
    's3:max-keys': call.query.get('max-keys'),
  }
  return Object.fromEntries(
    Object.entries(context).flatMap(([key, value]) => (value === undefined ? [] : [[key, [value]]])),
  )
}

export function isAllowed(
  access: AccessControl,
  call: Call,
  createsObject: boolean,
  action: string,
  resource: string,
): boolean {
  const { principal } = call.verified
  return access.authorize({ principal, action, resource, context: contextOf(call, createsObject) }).allowed
}

function daysUntil(date: string, now: Date): string | undefined {
  const days = Math.ceil((Date.parse(date) - now.getTime()) / 86_400_000)
  return Number.isNaN(days) ? undefined : String(days)
}
