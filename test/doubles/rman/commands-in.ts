/** The commands of a script, with RUN as one, up to EXIT. */
export function commandsIn(script: string): string[] {
  const commands: string[] = []
  for (const [command] of script.matchAll(/RUN\s*\{[^}]*\}|[^;{}]*;/g)) {
    if (/^\s*EXIT\s*;$/.test(command)) break
    commands.push(command.trim())
  }
  return commands
}

/** What stands between the braces of RUN. */
export function inner(command: string): string[] {
  return commandsIn(command.slice(command.indexOf('{') + 1, command.lastIndexOf('}')))
}
