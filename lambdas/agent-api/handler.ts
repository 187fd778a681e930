import { realPorts } from '../http/real-ports.ts'
import { serve } from '../http/serve.ts'
import { createUpload } from '../vault/create-upload.ts'
import { listParts } from '../vault/list-parts.ts'
import { signPart } from '../vault/sign-part.ts'
import { openVault } from '../vault/vault.ts'
import { agentApi } from './app.ts'

const ports = realPorts()
const vault = openVault(ports.env.VAULT_BUCKET)

export const handler = serve(
  agentApi({
    ...ports,
    vault: {
      createUpload: key => createUpload(vault, key),
      listParts: (key, uploadId) => listParts(vault, key, uploadId),
      signPart: part => signPart(vault, part),
    },
  }),
)
