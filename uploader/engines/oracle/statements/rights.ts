import { statement } from './statement.ts'

export const sessionRights = statement('SELECT privilege FROM session_privs')
