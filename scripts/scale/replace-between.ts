/** Puts `body` between the markers `<!-- name -->` and `<!-- /name -->` of a document. */
export function replaceBetween(document: string, name: string, body: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [from, to] = [document.indexOf(begin), document.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`there is no ${begin} with a ${end} behind it`)
  return `${document.slice(0, from + begin.length)}\n${body.trim()}\n${document.slice(to)}`
}
