/**
 * The 32 bits in which the headers of files hold a time, which name a set of redo logs as well (RESETLOGS_ID): seconds since 1988 in months of
 * 31 days.
 *
 * @param clock its UTC fields are what the clock of the database shows
 */
export function encodeTime(clock: Date): number {
  const months = (clock.getUTCFullYear() - 1988) * 12 + clock.getUTCMonth()
  const hours = (months * 31 + clock.getUTCDate() - 1) * 24 + clock.getUTCHours()
  return (hours * 60 + clock.getUTCMinutes()) * 60 + clock.getUTCSeconds()
}

export function decodeTime(time: number): Date {
  const days = Math.floor(time / 86_400)
  const months = Math.floor(days / 31)
  return new Date(Date.UTC(1988 + Math.floor(months / 12), months % 12, (days % 31) + 1, 0, 0, time % 86_400))
}
