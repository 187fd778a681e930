import type { Privilege } from './protocol/auth.ts'
import type { Bfile, Column, TypeName, Value } from './value.ts'

/** What the protocol carries to and fro: the listener and the server process that it speaks for. */
export interface OracleServer {
  /** What the listener does with a client, by the service or the SID that it names. */
  route(request: Target): Route
  /** @throws OraError where the account is locked or lacks the privilege */
  logOn(request: LogOn, target: Target): Account
  /** The clock of the database: minutes that it is before UTC. */
  readonly offsetMinutes: number
  /** Native network encryption, which the Thin driver does not have. */
  readonly demandsEncryption: boolean
  /** A round trip is over. */
  answered?(): void
}

export type Route = 'accept' | { refuse: number } | { redirect: { host: string; port: number } }

export interface Target {
  service: string | null
  sid: string | null
}

export interface LogOn {
  user: string
  privilege: Privilege | null
}

export interface Account {
  password: string
  /** Called when the password was right. @throws OraError where it has expired, or the database is not open */
  begin(): Promise<ServerSession>
}

export interface ServerSession {
  /** What a client is told of the session at its start. */
  readonly facts: { database: string; service: string; instance: string; id: number; serial: number }
  /** @param signal the client has broken off, or hung up */
  execute(call: Call, signal: AbortSignal): Promise<Answer>
  /** Operations on a BFILE. */
  readonly files: {
    open(bfile: Bfile, signal: AbortSignal): Promise<void>
    close(bfile: Bfile): Promise<void>
    isOpen(bfile: Bfile): boolean
    exists(bfile: Bfile): Promise<boolean>
    /** @param offset from 1. @returns fewer bytes at the end of the file, none behind it */
    read(bfile: Bfile, offset: bigint, amount: bigint, signal: AbortSignal): Promise<Buffer>
  }
  /** Temporary BLOBs, by their numbers. */
  readonly blobs: {
    /** @param offset from 1 */
    read(blob: number, offset: number, amount: number): Buffer
    length(blob: number): number
    free(blobs: number[]): void
  }
  end(): Promise<void>
}

export interface Call {
  sql: string
  binds: Bind[]
}

export interface Bind {
  /** null where the client does not tell a value: the variable takes one. */
  value: Value
  type: TypeName
}

export type Answer =
  | { kind: 'rows'; columns: Column[]; rows: Value[][] }
  /** @param out what variables take, by their number from 0 */
  | { kind: 'done'; rows: number; out?: Map<number, Value> }

/** The server process ends in the middle of a call: the client is told nothing. */
export class HangUp extends Error {
  override readonly name = 'HangUp'
}
