import { ArnFormat, Aws, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Construct } from 'constructs'

/**
 * The topic that notices and alarms go to. It is encrypted under a key of its own: CloudWatch cannot publish to a topic under the key that AWS
 * manages for SNS, because nobody may change that key's policy.
 */
export class Notices extends Construct {
  readonly topic: Topic
  readonly key: Key

  /** @param address gets every message by mail; left out, nobody is subscribed */
  constructor(scope: Construct, id: string, address?: string) {
    super(scope, id)
    const alarms = new ServicePrincipal('cloudwatch.amazonaws.com')
    const ofThisAccount = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } }
    this.key = new Key(this, 'Key', {
      description: 'FailSafe Online Backup: notices on their way to subscribers',
      enableKeyRotation: true,
      // Nothing lies under it for longer than a delivery takes.
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Alarms',
        principals: [alarms],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: ofThisAccount,
      }),
    )
    this.topic = new Topic(this, 'Topic', {
      displayName: 'FailSafe Online Backup',
      masterKey: this.key,
      enforceSSL: true,
    })
    // A topic with a policy of its own loses the default one, which would let the account's alarms in.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Alarms',
        principals: [alarms],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: {
          ...ofThisAccount,
          ArnLike: {
            'aws:SourceArn': Stack.of(this).formatArn({
              service: 'cloudwatch',
              resource: 'alarm',
              resourceName: '*',
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    )
    if (address !== undefined) this.topic.addSubscription(new EmailSubscription(address))
  }
}
