import type { Server } from '../connection/server.ts'
import { ServerError } from '../wire/server-error.ts'
import type { Collations } from './session-state.ts'

/** From MariaDB 10.10 on a collation may go with several character sets, and only this view has the numbers. */
const all =
  'SELECT ID, CHARACTER_SET_NAME cs, FULL_COLLATION_NAME co FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY'
const before = 'SELECT ID, CHARACTER_SET_NAME cs, COLLATION_NAME co FROM information_schema.COLLATIONS'

export async function collationsOf(server: Server): Promise<Collations> {
  const rows = await server.query(all).catch(error => {
    if (error instanceof ServerError) return server.query(before)
    throw error
  })
  return new Map(rows.map(row => [Number(row.ID), { charset: String(row.cs), collation: String(row.co) }]))
}
