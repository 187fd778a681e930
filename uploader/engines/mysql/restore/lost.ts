import { Failure, messageOf } from '../../../../shared/failure.ts'

/** @param where e.g. `at statement 3 of shop.orders.00000.sql` */
export function targetLost(error: unknown, where: string): Failure {
  return new Failure('mysql-connection-lost', `The connection to the target was lost ${where}`, {
    why: messageOf(error),
    fix: 'Look into the target’s error log, drop what this restore made in the target (databases, or the tables of --only) and restore again',
    cause: error,
  })
}
