import { fileURLToPath } from 'node:url'
import { realPorts } from '../http/real-ports.ts'
import { serve } from '../http/serve.ts'
import { readPageFiles } from '../restore-page/files.ts'
import { downloadOrigin, signDownload } from '../vault/sign-download.ts'
import { openVault } from '../vault/vault.ts'
import { restoreApi } from './app.ts'

const ports = realPorts()
const vault = openVault(ports.env.VAULT_BUCKET)

export const handler = serve(
  restoreApi({
    ...ports,
    vault: {
      signDownload: (key, versionId) => signDownload(vault, key, versionId),
      origin: () => downloadOrigin(vault),
    },
    page: readPageFiles(fileURLToPath(new URL('./page/', import.meta.url))),
  }),
)
