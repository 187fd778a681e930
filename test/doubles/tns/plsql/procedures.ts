import { existsSync, rmSync } from 'node:fs'
import { OraError } from '../ora.ts'
import { copyFile } from '../rules/file-transfer.ts'
import type { Blobs } from '../session/blobs.ts'
import type { ServerFiles } from '../session/files.ts'
import type { SessionState } from '../session/session.ts'
import { toNumber } from '../sql/arithmetic.ts'
import { type Bfile, type Blob, isBfile, isBlob, type Value } from '../value.ts'
import { lobMaxSize } from './constants.ts'

interface Procedure {
  parameters: string[]
  /** The package on which EXECUTE is needed; null for one that is open to everybody. */
  grant: string | null
  /** @returns what its OUT parameters give, each with its number */
  run(args: Value[], on: { session: SessionState; files: ServerFiles; blobs: Blobs }): Promise<[number, Value][]>
}

const nothing: [number, Value][] = []

/** @see PL/SQL Packages and Types Reference */
export const procedures: Record<string, Procedure> = {
  'DBMS_LOB.FILEOPEN': fileProcedure(['FILE_LOC', 'OPEN_MODE'], (bfile, files) => files.open(bfile)),
  'DBMS_LOB.FILECLOSE': fileProcedure(['FILE_LOC'], (bfile, files) => files.close(bfile)),
  'DBMS_LOB.FILECLOSEALL': {
    parameters: [],
    grant: null,
    run: async (_, { files }) => {
      await files.closeAll()
      return nothing
    },
  },
  'DBMS_LOB.READ': {
    parameters: ['FILE_LOC', 'AMOUNT', 'OFFSET', 'BUFFER'],
    grant: null,
    run: async ([bfile, amount, offset], { files }) => {
      const most = BigInt(toNumber(amount!))
      if (most < 1n || most > 32_767n) throw new OraError(6502, 'PL/SQL: numeric or value error')
      const bytes = await files.read(requireBfile(bfile!), BigInt(toNumber(offset!)), most)
      if (bytes.length === 0) throw new OraError(1403, 'no data found')
      return [
        [1, BigInt(bytes.length)],
        [3, bytes],
      ]
    },
  },
  'DBMS_LOB.CREATETEMPORARY': {
    parameters: ['LOB_LOC', 'CACHE', 'DUR'],
    grant: null,
    run: async (_, { blobs }) => [[0, blobs.create()]],
  },
  'DBMS_LOB.FREETEMPORARY': {
    parameters: ['LOB_LOC'],
    grant: null,
    run: async ([lob], { blobs }) => {
      blobs.free([requireBlob(lob!).blob])
      return [[0, null]]
    },
  },
  'DBMS_LOB.LOADBLOBFROMFILE': {
    parameters: ['DEST_LOB', 'SRC_BFILE', 'AMOUNT', 'DEST_OFFSET', 'SRC_OFFSET'],
    grant: null,
    run: async ([lob, bfile, amount, to, from], { files, blobs }) => {
      const [most, target, source] = [amount!, to!, from!].map(value => BigInt(toNumber(value!))) as [
        bigint,
        bigint,
        bigint,
      ]
      const file = requireBfile(bfile!)
      // More than there is may be asked for as LOBMAXSIZE alone.
      const bytes = await files.read(file, source, most === lobMaxSize ? files.length(file) - source + 1n : most)
      if (BigInt(bytes.length) < most && most !== lobMaxSize)
        throw new OraError(22993, 'specified input amount is greater than actual source amount')
      const written = blobs.write(requireBlob(lob!), Number(target), bytes)
      return [
        [0, written],
        [3, target + BigInt(bytes.length)],
        [4, source + BigInt(bytes.length)],
      ]
    },
  },
  'DBMS_FILE_TRANSFER.COPY_FILE': {
    parameters: [
      'SOURCE_DIRECTORY_OBJECT',
      'SOURCE_FILE_NAME',
      'DESTINATION_DIRECTORY_OBJECT',
      'DESTINATION_FILE_NAME',
    ],
    grant: 'DBMS_FILE_TRANSFER',
    run: async ([fromDirectory, fromFile, toDirectory, toFile], { session, files }) => {
      const path = (directory: Value, file: Value) =>
        files.path({ directory: String(directory), file: String(file) }, 'COPY_FILE')
      copyFile(session.database, path(fromDirectory!, fromFile!), path(toDirectory!, toFile!))
      return nothing
    },
  },
  'UTL_FILE.FREMOVE': {
    parameters: ['LOCATION', 'FILENAME'],
    grant: null,
    run: async ([location, name], { files }) => {
      const path = files.path({ directory: String(location), file: String(name) }, 'FREMOVE')
      if (!existsSync(path)) throw new OraError(29283, 'invalid file operation')
      rmSync(path)
      return nothing
    },
  },
}

function fileProcedure(parameters: string[], run: (bfile: Bfile, files: ServerFiles) => Promise<void>): Procedure {
  return {
    parameters,
    grant: null,
    run: async ([bfile], { files }) => {
      await run(requireBfile(bfile!), files)
      return nothing
    },
  }
}

function requireBfile(value: Value): Bfile {
  if (!isBfile(value)) throw new OraError(6502, 'PL/SQL: numeric or value error')
  return value
}

function requireBlob(value: Value): Blob {
  if (!isBlob(value)) throw new OraError(6502, 'PL/SQL: numeric or value error: invalid LOB locator specified')
  return value
}
