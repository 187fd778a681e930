import { readdir, readFile } from 'node:fs/promises'
import { placeIn } from './option-files.ts'
import type { Place } from './places.ts'

/** Where the servers that run now were told to listen, by their command lines. There is no /proc but on Linux. */
export async function processPlaces(): Promise<Place[]> {
  const ids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name))
  const places: Place[] = []
  for (const id of ids) {
    // A process may end while we look.
    const line = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')
    const words = line.split('\0')
    // A loader or a wrapper may stand before it.
    const program = words.findIndex(word => /(?:^|\/)(?:mysqld|mariadbd)$/.test(word))
    if (program < 0) continue
    const args = words.slice(program + 1)
    const file = optionOf(args, 'defaults-file')
    const told = file === undefined ? {} : await placeIn(file)
    const [socket, port] = [optionOf(args, 'socket'), optionOf(args, 'port')]
    places.push({ ...told, ...(socket && { socket }), ...(port && { port: Number(port) }) })
  }
  return places
}

/** `--socket=/path` or `--socket /path`. */
function optionOf(args: readonly string[], name: string): string | undefined {
  const at = args.findIndex(arg => arg === `--${name}` || arg.startsWith(`--${name}=`))
  return at < 0 ? undefined : args[at]!.split('=').slice(1).join('=') || args[at + 1]
}
