/** The beginning of a column's line in MySQL's SHOW CREATE TABLE, up to a collation that no character set stands before. */
const column =
  /^( {2}`(?:[^`]|``)*` \w+(?:\((?:[^'()]*|'(?:[^'\\]|''|\\.)*'(?:,'(?:[^'\\]|''|\\.)*')*)\))?) COLLATE (\w+)/

/**
 * Leaves out the collation of columns that have it from their table. MySQL shows it, but takes what it is shown for the column's own, with
 * a character set, and so would describe the restored table otherwise.
 */
export function inheritCollations(createTable: string): string {
  const lines = createTable.split('\n')
  const ofTable = / COLLATE=(\w+)/.exec(lines.find(line => line.startsWith(') ')) ?? '')?.[1]
  if (ofTable === undefined) return createTable
  return lines
    .map(line =>
      line.replace(column, (all, before: string, collation: string) => (collation === ofTable ? before : all)),
    )
    .join('\n')
}
