import { PublishCommand, SNSClient, type SNSClientConfig } from '@aws-sdk/client-sns'
import type { Notice } from '../../shared/notice.ts'
import { subjectLine } from './text.ts'

/** Publishes one notice. The topic may deliver it more than once; its id tells. */
export type NoticeTopic = (notice: Notice) => Promise<void>

/** SNS takes 256 KiB, message and attributes together. */
const attributeLimit = 200_000

/**
 * The message is for people; programs take the attribute `notice` (`failsafe.notice/1`), and subscriptions filter by the others.
 * @param arn undefined: there is none
 * @param options for tests: another endpoint or credentials
 */
export function noticeTopic(arn: string | undefined, options: SNSClientConfig = {}): NoticeTopic | undefined {
  if (arn === undefined) return undefined
  const client = new SNSClient(options)
  return async notice => {
    const json = JSON.stringify(notice)
    await client.send(
      new PublishCommand({
        TopicArn: arn,
        Subject: subjectLine(notice),
        Message: notice.text,
        MessageAttributes: {
          kind: text(notice.kind),
          state: text(notice.state),
          severity: text(notice.severity),
          ...(notice.tenant === null ? {} : { tenant: text(notice.tenant) }),
          ...(json.length > attributeLimit ? {} : { notice: text(json) }),
        },
      }),
    )
  }
}

function text(value: string) {
  return { DataType: 'String', StringValue: value }
}
