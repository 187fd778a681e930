import { diskshadow } from '../tools/diskshadow.ts'
import { eseutil } from '../tools/eseutil.ts'
import { powershell } from '../tools/powershell.ts'
import { vssadmin } from '../tools/vssadmin.ts'
import { wbadmin } from '../tools/wbadmin.ts'

/** What a launcher starts: `node run.ts TOOL ARGUMENT...`. */
const tools: Record<string, (argv: string[]) => number> = { diskshadow, eseutil, powershell, vssadmin, wbadmin }
const [tool = '', ...argv] = process.argv.slice(2)
process.exitCode = tools[tool]!(argv) & 0xff
