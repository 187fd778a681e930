import { execFile } from 'node:child_process'
import { Failure, messageOf } from '../../shared/failure.ts'
import { systemProgram } from '../files/system-program.ts'

/**
 * The proxy that an administrator gave this Windows machine for its services (`netsh winhttp set proxy`, or a policy). That of a person's Internet options is another
 * one, which a service does not see.
 */
export interface MachineProxy {
  /** `proxy:8080`, or one for each scheme: `http=a:80;https=b:80`. */
  servers: string
  /** `<local>;*.example.net` */
  except: string
}

const key = String.raw`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections`
const value = 'WinHttpSettings'

/**
 * Undefined where there is none.
 * @throws Failure `proxy-unknown` where the registry cannot be asked, or gives something else
 */
export async function readMachineProxy(
  signal: AbortSignal,
  [program, ...before]: readonly string[] = [systemProgram('reg.exe')],
): Promise<MachineProxy | undefined> {
  const said = await ask(program!, [...before, 'query', key, '/v', value], signal)
  if (said === undefined) return undefined
  const [, hex] = /REG_BINARY\s+([0-9A-Fa-f]*)/.exec(said) ?? []
  const settings = hex === undefined ? undefined : parse(Buffer.from(hex, 'hex'))
  if (settings === undefined) throw unknown(`its value ${value} is not understood`)
  return settings.isSet ? settings.proxy : undefined
}

/** @returns what it prints, or undefined where there is no such value: then it ends with 1, whatever the language of its message */
function ask(program: string, args: string[], signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { signal, timeout: 30_000, windowsHide: true }, (error, stdout) => {
      if (!error) resolve(stdout)
      else if (signal.aborted) reject(signal.reason)
      else if (error.code === 1) resolve(undefined)
      else reject(unknown(messageOf(error), error))
    })
  })
}

/**
 * Little-endian words of 4 bytes: version, a counter, flags (2: a proxy is given), then twice a length and as many characters. Microsoft names the place
 * (Windows Server documentation, "Use Group Policy to apply WinHTTP proxy settings"), and others have described what lies there.
 */
function parse(bytes: Buffer): { isSet: boolean; proxy: MachineProxy } | undefined {
  if (bytes.length < 12) return undefined
  const isSet = (bytes.readUInt32LE(8) & 2) !== 0
  const servers = textAt(bytes, 12)
  const except = servers && textAt(bytes, servers.end)
  if (!isSet) return { isSet, proxy: { servers: '', except: '' } }
  return except && { isSet, proxy: { servers: servers.text, except: except.text } }
}

function textAt(bytes: Buffer, at: number): { text: string; end: number } | undefined {
  if (bytes.length < at + 4) return undefined
  const end = at + 4 + bytes.readUInt32LE(at)
  return end <= bytes.length ? { text: bytes.toString('latin1', at + 4, end), end } : undefined
}

function unknown(why: string, cause?: unknown): Failure {
  return new Failure('proxy-unknown', 'The proxy of this machine cannot be read from its registry', {
    why,
    fix: 'Set network.proxy in failsafe.yaml: the address of the proxy, or none',
    cause,
  })
}
