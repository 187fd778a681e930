import { handle } from 'hono/aws-lambda'
import { realPorts } from '../http/real-ports.ts'
import { rebuildVault } from '../rebuild/rebuild-vault.ts'
import { adminApi } from './app.ts'

const ports = realPorts()

export const handler = handle(adminApi({ ...ports, vault: rebuildVault(ports.env.VAULT_BUCKET) }))
