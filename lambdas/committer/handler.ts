import { commitVault } from '../commit/commit-vault.ts'
import { realPorts } from '../http/real-ports.ts'
import { serve } from '../http/serve.ts'
import { committer } from './app.ts'

const ports = realPorts()

export const handler = serve(committer({ ...ports, vault: commitVault(ports.env.VAULT_BUCKET) }))
