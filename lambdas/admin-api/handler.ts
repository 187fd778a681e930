import { handle } from 'hono/aws-lambda'
import { realPorts } from '../http/real-ports.ts'
import { adminApi } from './app.ts'

export const handler = handle(adminApi(realPorts()))
