import { createSocket } from 'node:dgram'

/** An instance that SQL Server Browser knows. `port`: undefined where TCP/IP is not enabled for it. */
export interface Instance {
  name: string
  port: number | undefined
}

const port = 1434
const patience = 1_000
/** CLNT_UCAST_EX, all instances of the machine, and SVR_RESP: Microsoft, MC-SQLR 2.2. */
const allInstances = Buffer.from([0x03])
const answer = 0x05
const headerSize = 3

/** None where there is no SQL Server Browser. */
export function listInstances(host: string, signal: AbortSignal): Promise<Instance[]> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    let instances: Instance[] = []
    const stop = () => socket.close()
    const timer = setTimeout(stop, patience)
    signal.addEventListener('abort', stop, { once: true })
    socket.on('error', stop) // nobody there
    socket.on('message', message => {
      instances = parse(message)
      stop()
    })
    socket.on('close', () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      if (signal.aborted) reject(signal.reason)
      else resolve(instances)
    })
    // Connected, it learns at once that nobody listens.
    socket.connect(port, host, () => socket.send(allInstances))
  })
}

/** `ServerName;HOST;InstanceName;SQLEXPRESS;IsClustered;No;Version;16.0.1000.6;tcp;49152;;ServerName;…` */
export function parse(message: Buffer): Instance[] {
  if (message.length < headerSize || message[0] !== answer) return []
  return message
    .toString('latin1', headerSize)
    .split(';;')
    .flatMap(text => {
      const words = text.split(';')
      const wordBehind = (key: string) => {
        const at = words.findIndex((word, i) => i % 2 === 0 && word.toLowerCase() === key)
        return at < 0 ? undefined : words[at + 1]
      }
      const [name, tcp] = [wordBehind('instancename'), wordBehind('tcp')]
      if (!name) return []
      return [{ name, port: tcp !== undefined && /^\d{1,5}$/.test(tcp) ? Number(tcp) : undefined }]
    })
}
