import { realPorts } from '../http/real-ports.ts'
import { serve } from '../http/serve.ts'
import { adminApi } from './app.ts'

export const handler = serve(adminApi(realPorts()))
