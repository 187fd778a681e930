/** Object lock of one version. */
export interface Retention {
  mode: 'GOVERNANCE' | 'COMPLIANCE'
  until: Date
}

/** @param bypass whether the caller asked to bypass governance, and may */
export function mayDelete(retention: Retention | undefined, now: Date, bypass: boolean): boolean {
  if (!retention || retention.until <= now) return true
  return retention.mode === 'GOVERNANCE' && bypass
}

/**
 * A lock may always be extended in its own mode. Shortening, removing or changing the mode of a running governance lock needs the
 * bypass; of a running compliance lock nobody may.
 */
export function mayReplace(
  current: Retention | undefined,
  next: Retention | undefined,
  now: Date,
  bypass: boolean,
): boolean {
  if (mayDelete(current, now, bypass)) return true
  return next !== undefined && next.mode === current?.mode && next.until >= current.until
}
