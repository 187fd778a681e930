import { systemDatabases } from '../definitions/system-databases.ts'

/** Changes of accounts and rights: one that the target refuses must not cost the rest, as when a full is loaded. */
export function isOfAccounts(text: string): boolean {
  return /^\s*(?:(?:CREATE|ALTER|DROP|RENAME)\s+(?:OR\s+REPLACE\s+)?(?:USER|ROLE)\b|GRANT\b|REVOKE\b|SET\s+(?:PASSWORD|DEFAULT\s+ROLE)\b)/i.test(
    text,
  )
}

/** What begins, ends or names a transaction, or changes nothing that is backed up: it is in no database. */
export function isOfTransaction(text: string): boolean {
  return (
    /^(?:BEGIN$|COMMIT\b|ROLLBACK\b|SAVEPOINT\b|XA (?:START|END|COMMIT|ROLLBACK)\b)/.test(text) || changesNothing(text)
  )
}

/** What a statement changes without changing what is backed up. */
export function changesNothing(text: string): boolean {
  return /^\s*(?:ANALYZE|OPTIMIZE|REPAIR|CHECK|FLUSH)\b/i.test(text)
}

/**
 * Whether a statement changes something in a database of the server itself, which a restore never touches: by its current database, or by the
 * name of the first object in it.
 */
export function isOfSystem(database: string, text: string): boolean {
  if (isOfAccounts(text) || /^\s*(?:CREATE|ALTER|DROP)\s+(?:DATABASE|SCHEMA)\b/i.test(text)) return false
  const named =
    /^\s*(?:CREATE|ALTER|DROP|TRUNCATE|RENAME|INSERT|UPDATE|DELETE|REPLACE)\b[^'"(;]*?(?:`((?:[^`]|``)+)`|\b([a-z_]+))\s*\.\s*[`\w]/i.exec(
      text,
    )
  const name = named?.[1] ?? named?.[2] ?? database
  return systemDatabases.includes(name.toLowerCase())
}
