/** One statement with the values of its variables. Everything that the engine sends is made in this folder. */
export interface Statement {
  text: string
  binds: Record<string, string | number>
}

export function statement(text: string, binds: Statement['binds'] = {}): Statement {
  return { text: text.trim().replace(/\n\s*/g, '\n  '), binds }
}
