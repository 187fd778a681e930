import { handle } from 'hono/aws-lambda'
import { commitVault } from '../commit/commit-vault.ts'
import { realPorts } from '../http/real-ports.ts'
import { committer } from './app.ts'

const ports = realPorts()

export const handler = handle(committer({ ...ports, vault: commitVault(ports.env.VAULT_BUCKET) }))
