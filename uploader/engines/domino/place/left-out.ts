/** Folders by their names: indexes that Domino makes anew, and what its support tools write. */
const folders = [/\.ft$/i, /^(ibm|hcl)_technical_support$/i]

/** Files by their names: made anew, or of no use when they are copied while the server runs. */
const files = [
  /\.ndx$/i,
  /^daoscat\.nsf$/i,
  /^daos\.(cfg|cf2)$/i,
  /^nlogctrl\.lfh$/i,
  /\.txn$/i,
  /\.delta$/i,
  /\.tmp$/i,
  /^~.*\./,
  /\.lck$/i,
  /^pid\.nbf$/i,
  /^loadmon\.ncf$/i,
]

export function isFolderLeftOut(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return folders.some(pattern => pattern.test(name)) || /(^|\/)domino\/workspace\/logs$/i.test(path)
}

export function isFileLeftOut(name: string): boolean {
  return files.some(pattern => pattern.test(name))
}
