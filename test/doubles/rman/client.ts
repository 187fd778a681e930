import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

/** What the launcher starts: `node client.ts SOCKET`. It hands on what it was told, says what it is answered, and ends so. */
const commands = await text(process.stdin)
const { ORACLE_HOME, ORACLE_SID } = process.env
const socket = connect(process.argv[2]!)
socket.end(JSON.stringify({ commands, home: ORACLE_HOME, sid: ORACLE_SID }))
const { lines, code } = JSON.parse(await text(socket)) as { lines: string[]; code: number }
console.log(lines.join('\n'))
process.exitCode = code
