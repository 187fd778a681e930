import { realPorts } from '../http/real-ports.ts'
import { serve } from '../http/serve.ts'
import { consoleApi } from './app.ts'

export const handler = serve(consoleApi(realPorts()))
