import { arrival } from '../faults.ts'
import { parseDeclarations } from '../language/parse-declarations.ts'
import { refused, SqlError } from '../model/sql-error.ts'
import { convert } from '../query/convert.ts'
import { int, type SqlValue, typeOf } from '../query/types.ts'
import { Batch, BatchEnded, type Variables } from '../session/batch.ts'
import type { Session } from '../session/session.ts'
import type { Mounts } from '../statements/device.ts'
import { type Message, packetType } from './packet.ts'
import type { Reply } from './reply.ts'
import { type Parameter, type ProcedureCall, readBatch, readCall, readTransaction } from './requests.ts'
import { returnValue, transactionChange } from './tokens.ts'

export interface Surroundings {
  mounts: Mounts
  signal: AbortSignal
  /** Says what is run. @returns what hears how far it is, in percent */
  statement(text: string, parameters: Record<string, unknown>): (percent: number) => Promise<void>
}

/** Answers one request. @throws BatchEnded never, and what the faults throw that break the connection */
export async function perform(
  request: Message,
  session: Session,
  reply: Reply,
  surroundings: Surroundings,
): Promise<void> {
  switch (request.type) {
    case packetType.batch: {
      const text = readBatch(request.data)
      await run(batch => batch.run(text), text, new Map(), session, reply, surroundings)
      return reply.end()
    }
    case packetType.rpc:
      return call(readCall(request.data), session, reply, surroundings)
    case packetType.transaction:
      return transaction(request.data, session, reply)
    default:
      throw new Error(`The double knows no message of type ${request.type}`)
  }
}

async function run(
  start: (batch: Batch) => Promise<void>,
  text: string,
  variables: Variables,
  session: Session,
  reply: Reply,
  { mounts, signal, statement }: Surroundings,
): Promise<void> {
  const parameters = Object.fromEntries([...variables].map(([name, { value }]) => [name, value]))
  const progress = statement(text, parameters)
  try {
    await progress(arrival)
    await start(new Batch(session, reply, { mounts, signal, progress }, variables))
  } catch (error) {
    if (error instanceof SqlError) for (const each of error.messages) reply.message(each)
    else if (!(error instanceof BatchEnded)) throw error
  }
  signal.throwIfAborted()
}

/** @throws SqlError 201 */
function argument(call: ProcedureCall, at: number, name: string): SqlValue {
  const found = call.parameters[at]
  if (!found) throw refused(201, call.procedure, name)
  return found.value
}

async function call(call: ProcedureCall, session: Session, reply: Reply, surroundings: Surroundings): Promise<void> {
  try {
    const values = await procedure(call, session, reply, surroundings)
    reply.endProcedure(values)
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    for (const each of error.messages) reply.message(each)
    reply.endProcedure()
  }
}

/** @returns the tokens of what the procedure returns */
async function procedure(
  call: ProcedureCall,
  session: Session,
  reply: Reply,
  surroundings: Surroundings,
): Promise<Buffer[]> {
  const execute = async (text: string, parameters: Parameter[]) => {
    const variables: Variables = new Map(
      parameters.map(({ name, type, value }) => [name.toLowerCase(), { type, value }]),
    )
    await run(batch => batch.runProcedure(text), text, variables, session, reply, surroundings)
    return parameters.flatMap(({ name, output }) => {
      const variable = variables.get(name.toLowerCase())!
      return output ? [returnValue(name, variable.type, variable.value)] : []
    })
  }
  switch (call.procedure) {
    case 'sp_executesql':
      return execute(String(argument(call, 0, '@statement')), call.parameters.slice(2))
    case 'sp_prepare': {
      const text = String(argument(call, 2, '@stmt'))
      return [handle(session.prepare(text, String(call.parameters[1]!.value ?? '')))]
    }
    case 'sp_execute': {
      const prepared = session.prepared(Number(argument(call, 0, '@handle')))
      const types = parseDeclarations(prepared.declarations)
      const parameters = call.parameters.slice(1).map((each, at) => {
        const declared = types[at]
        if (!declared) return each
        const type = typeOf(declared.type, 1)
        return { ...each, name: declared.name, type, value: convert(each.value, each.type, type) }
      })
      return execute(prepared.text, parameters)
    }
    case 'sp_unprepare':
      session.unprepare(Number(argument(call, 0, '@handle')))
      return []
    default:
      throw refused(2812, call.procedure)
  }
}

function handle(value: number): Buffer {
  return returnValue('@handle', int, value)
}

function transaction(data: Buffer, session: Session, reply: Reply): void {
  const action = readTransaction(data)
  if (!action) throw new Error('The double knows begin, commit and rollback of transactions alone')
  session.transactions = action === 'begin' ? 1 : 0
  reply.token(transactionChange(action))
  reply.end()
}
