import { fenceSemicolons } from './semicolons.ts'

/**
 * The form of every `.sql` artefact. The stock client reads it, and so does our own loader, which needs no SQL parser for it:
 *
 *   -- comment lines
 *   SET … ;                    the session it needs: each file stands alone
 *   DELIMITER ;;1              where `;` will not do
 *   statements, each ended by the delimiter and a line end
 *   -- failsafe: complete …    the last line: a file without it was cut off
 *
 * Myloader reads it too, but for DELIMITER, which no server knows: of such a file it runs none of the statements.
 */
export const endMarker = '-- failsafe: complete'

export interface ScriptEnd {
  statements: number
  rows: number
  /** Bytes of the longest statement, without its delimiter. */
  largestStatement: number
}

export function endLine({ statements, rows, largestStatement }: ScriptEnd): string {
  return `${endMarker}; statements ${statements}; rows ${rows}; largest statement ${largestStatement}\n`
}

/** @returns undefined where the line is not an end marker */
export function parseEndLine(line: string): ScriptEnd | undefined {
  const match = /^-- failsafe: complete; statements (\d+); rows (\d+); largest statement (\d+)\n$/.exec(line)
  return match
    ? { statements: Number(match[1]), rows: Number(match[2]), largestStatement: Number(match[3]) }
    : undefined
}

/** A delimiter for statements that begin with `text`, in which a `;` is in quotes only: there a client passes over it. */
export function delimiterFor(text: Buffer): string {
  return text.includes(';\n') ? delimiterBeside([text]) : ';'
}

/** A delimiter that is nowhere in the texts. (The stock client ends a statement at a `;` in the middle of a line too.) */
function delimiterBeside(texts: readonly Buffer[]): string {
  for (let number = 1; ; number++) {
    const delimiter = `;;${number}`
    if (!texts.some(text => text.includes(delimiter))) return delimiter
  }
}

/**
 * What is the same in all files: how bytes, times and zeroes of this file are meant. A table that lay in a directory of its own (DATA DIRECTORY) comes
 * into the target's data directory: the path is one of the source's computer. MariaDB takes unchecked keys as leave to build an empty table in another way, which costs
 * its server a third more for small tables and gains nothing for large ones.
 */
export const sessionHead = `SET NAMES utf8mb4;
SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,NO_DIR_IN_CREATE', time_zone = '+00:00', foreign_key_checks = 0, unique_checks = 0, autocommit = 1;
/*M!100600 SET SESSION unique_checks = 1 */;
/*!80013 SET SESSION sql_require_primary_key = 0 */;
/*!80030 SET SESSION sql_generate_invisible_primary_key = 0 */;
/*!80400 SET SESSION restrict_fk_on_non_standard_key = 0 */;
`

/** Builds a small file (definitions) in memory. Statements are bytes: the text of a routine may be in another character set. */
export class Script {
  readonly #head: string
  readonly #parts: ({ text: Buffer; fenced: Buffer | undefined } | { comment: string })[] = []

  /** @param title what the file holds, on one line */
  constructor(title: string) {
    this.#head = `-- FailSafe Online Backup: ${title}\n${sessionHead}`
  }

  /**
   * @param statement without its delimiter
   * @param characterSet what it is written in
   */
  add(statement: Buffer | string, characterSet = 'utf8mb4'): this {
    const text = typeof statement === 'string' ? Buffer.from(statement) : statement
    const fenced = fenceSemicolons(text, characterSet)
    this.#parts.push({ text, fenced: fenced?.includes(';\n') ? undefined : fenced })
    return this
  }

  /** Each line of the text as a comment. */
  comment(text: string): this {
    for (const line of text.split(/\r\n|[\r\n\u2028\u2029]/)) this.#parts.push({ comment: `-- ${line}\n` })
    return this
  }

  /** All so far, for a file that goes on with statements of another kind. */
  beginning(): Buffer {
    return Buffer.concat(this.#lines(this.#delimited()))
  }

  bytes(): Buffer {
    const delimited = this.#delimited()
    const sizes = delimited.texts.map(text => text.length)
    const end = endLine({ statements: sizes.length, rows: 0, largestStatement: Math.max(0, ...sizes) })
    return Buffer.concat([...this.#lines(delimited), Buffer.from(end)])
  }

  /** The statements in order, and what ends them. */
  #delimited(): { texts: Buffer[]; delimiter: string } {
    const statements = this.#parts.filter(part => 'text' in part)
    const fenced = statements.flatMap(statement => statement.fenced ?? [])
    if (fenced.length === statements.length) return { texts: fenced, delimiter: ';' }
    const texts = statements.map(({ text }) => text)
    return { texts, delimiter: delimiterBeside(texts) }
  }

  #lines({ texts, delimiter }: { texts: Buffer[]; delimiter: string }): Buffer[] {
    const end = Buffer.from(`${delimiter}\n`)
    const waiting = texts.values()
    const parts = this.#parts.flatMap(part =>
      'text' in part ? [waiting.next().value!, end] : [Buffer.from(part.comment)],
    )
    if (delimiter === ';') return [Buffer.from(this.#head), ...parts]
    return [Buffer.from(`${this.#head}DELIMITER ${delimiter}\n`), ...parts, Buffer.from('DELIMITER ;\n')]
  }
}
