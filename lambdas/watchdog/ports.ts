import type { Ports } from '../http/ports.ts'
import type { PostWebhook } from '../notices/post.ts'
import type { NoticeTopic } from '../notices/topic.ts'

export interface WatchdogPorts extends Ports {
  /** undefined: the receiver has no topic. */
  topic: NoticeTopic | undefined
  post: PostWebhook
}
