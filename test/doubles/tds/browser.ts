import { createSocket } from 'node:dgram'

/** What a browser tells of an instance. */
export interface BrowsedInstance {
  name: string
  port: number
}

const port = 1434
/** Requests of a client, and the answer. Source: Microsoft, MC-SQLR 2.2: CLNT_BCAST_EX, CLNT_UCAST_EX, CLNT_UCAST_INST, SVR_RESP. */
const broadcast = 0x02
const allInstances = 0x03
const oneInstance = 0x04
const answer = 0x05

/** SQL Server Browser, which tells the ports of instances by their names. It always listens on UDP 1434, so it has an address of loopback to itself. */
export async function startBrowser(host: string, instances: BrowsedInstance[]): Promise<AsyncDisposable> {
  const socket = createSocket('udp4')
  socket.on('message', (request, { address, port: to }) => {
    const wanted = chosen(request, instances)
    // Nothing is said of an instance that is not there.
    if (wanted.length > 0) socket.send(respond(wanted), to, address)
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, host, resolve)
  })
  return { [Symbol.asyncDispose]: () => new Promise(resolve => socket.close(() => resolve())) }
}

function chosen(request: Buffer, instances: BrowsedInstance[]): BrowsedInstance[] {
  switch (request[0]) {
    case broadcast:
    case allInstances:
      return instances
    case oneInstance: {
      const name = request.toString('latin1', 1).replace(/\0$/, '')
      return instances.filter(each => each.name.toUpperCase() === name.toUpperCase())
    }
    default:
      return []
  }
}

function respond(instances: BrowsedInstance[]): Buffer {
  const texts = instances.map(
    each => `ServerName;DOUBLE;InstanceName;${each.name};IsClustered;No;Version;16.0.1000.6;tcp;${each.port};;`,
  )
  const data = Buffer.from(texts.join(''), 'latin1')
  const header = Buffer.alloc(3)
  header.writeUInt8(answer, 0)
  header.writeUInt16LE(data.length, 1)
  return Buffer.concat([header, data])
}
