import { handle } from 'hono/aws-lambda'
import { realPorts } from '../http/real-ports.ts'
import { committer } from './app.ts'
import { commitVault } from './commit-vault.ts'

const ports = realPorts()

export const handler = handle(committer({ ...ports, vault: commitVault(ports.env.VAULT_BUCKET) }))
