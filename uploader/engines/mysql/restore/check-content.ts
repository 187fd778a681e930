import { Failure } from '../../../../shared/failure.ts'
import type { Server } from '../connection/server.ts'
import { text } from '../definitions/text.ts'
import type { Inventory } from '../inventory.ts'
import { inComment, quoteText } from '../sql/quote.ts'
import type { LaidOut } from './files.ts'
import { namesIn } from './names.ts'

/**
 * Whether what is restored finds its place free. A database whose definition is among the files is made: it must be empty. Where only tables or
 * other parts of one are (`--only`), the target's own is used: it must be there, and what is restored must not be in it.
 * @throws Failure `restore-target…`
 */
export async function checkContent(server: Server, target: Inventory, files: LaidOut[]): Promise<void> {
  requireDefinitions(files)
  const made = new Set(files.filter(({ stage }) => stage === 'databases').map(({ database }) => database!))
  // A view's file may hold views of other databases.
  const named = [
    ...files.map(({ database }) => database),
    ...(await namesIn(files)).map(({ ofDatabase }) => ofDatabase),
  ]
  const used = new Set(named.flatMap(database => (database === undefined || made.has(database) ? [] : [database])))
  await requireEmpty(server, made)
  requireThere(target, used)
  await requireFree(server, target, used, files)
}

/** Rows go into a table that is made for them. */
function requireDefinitions(files: LaidOut[]): void {
  const key = ({ database, table }: LaidOut) => JSON.stringify([database, table])
  const defined = new Set(files.filter(({ stage }) => stage === 'tables').map(key))
  const alone = files.find(file => file.stage === 'rows' && !defined.has(key(file)))
  if (!alone) return
  throw new Failure('restore-part', `${alone.name} is chosen without the definition of its table`, {
    why: 'a restore never mixes with or replaces what is there, so rows are loaded into a table that it makes',
    fix: `Choose all files of the table, such as --only '${alone.name.replace(/\.\d+\.sql$/, '{-schema,.}*')}'`,
  })
}

async function requireEmpty(server: Server, databases: Iterable<string>): Promise<void> {
  const full: string[] = []
  for (const database of databases) {
    const name = quoteText(database)
    const row = await server.one(`SELECT
      (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${name}) +
      (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${name}) +
      (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${name}) AS n`)
    if (row?.n !== '0') full.push(inComment(database))
  }
  if (full.length === 0) return
  throw new Failure('restore-target-not-empty', `The target already has content in ${full.join(', ')}`, {
    why: 'a restore never mixes with or replaces what is there',
    fix: 'Restore into another server, or drop these databases first; to add single tables to a database, leave its -schema-create.sql out of --only',
  })
}

function requireThere(target: Inventory, databases: Iterable<string>): void {
  const key = keyFor(target)
  const there = new Set(target.databases.map(key))
  for (const database of databases) {
    if (there.has(key(database))) continue
    throw new Failure('restore-target-database', `The target has no database ${inComment(database)}`, {
      why: 'only parts of it are restored, without its own definition',
      fix: "Choose its -schema-create.sql as well, such as --only '{shop-schema-create.sql,shop.orders{-schema,.}*}', or create the database on the target",
    })
  }
}

async function requireFree(server: Server, target: Inventory, databases: Set<string>, files: LaidOut[]): Promise<void> {
  const key = keyFor(target)
  const parts = files.filter(({ database }) => database !== undefined && databases.has(database))
  const names = await namesIn(files)
  for (const database of databases) {
    const name = quoteText(database)
    const wanted = names.filter(({ ofDatabase }) => ofDatabase === database)
    const rows = await server.query(`SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${name}`)
    const there = new Set(rows.map(row => key(text(row, 'TABLE_NAME'))))
    const taken = wanted
      .filter(part => there.has(key(part.name)))
      .map(part => `${inComment(database)}.${inComment(part.name)}`)
    const has = (stage: LaidOut['stage']) => parts.some(part => part.stage === stage && part.database === database)
    const row = await server.one(`SELECT
      (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${name}) AS routines,
      (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${name}) AS events`)
    if (has('routines') && row?.routines !== '0') taken.push(`routines of ${inComment(database)}`)
    if (has('events') && row?.events !== '0') taken.push(`events of ${inComment(database)}`)
    if (taken.length === 0) continue
    throw new Failure('restore-target-not-empty', `The target already has ${taken.slice(0, 10).join(', ')}`, {
      why: 'a restore never mixes with or replaces what is there',
      fix: 'Restore into another server or an empty database of it, or rename what is there first',
    })
  }
}

function keyFor({ lowerCaseTableNames }: Inventory): (name: string) => string {
  return name => (lowerCaseTableNames === 0 ? name : name.toLowerCase())
}
