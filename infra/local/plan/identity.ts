import type { Resource } from '../template/load.ts'
import type { Identity } from '../template/resolve.ts'

/** Where the stack runs, as AWS would put it. */
export interface Place {
  account: string
  region: string
  partition: string
  stackName: string
  /** The last segment of the stack's ARN; it is kept with the cloud's state. */
  stackUuid: string
  /** `http://127.0.0.1:port` of the gateway. */
  url: string
}

export function pseudoParameters({ account, region, partition, stackName, stackUuid }: Place): Record<string, string> {
  return {
    'AWS::AccountId': account,
    'AWS::Region': region,
    'AWS::Partition': partition,
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stackName,
    'AWS::StackId': `arn:${partition}:cloudformation:${region}:${account}:stack/${stackName}/${stackUuid}`,
  }
}

/**
 * The names and attributes that CloudFormation would make up for a resource. They follow from the logical id, so they are the same
 * after every restart. A type that is not listed here is refused.
 */
export function identityOf(
  logicalId: string,
  { Type: type, Properties: properties }: Resource,
  place: Place,
): Identity {
  const { account, region, partition, stackName, url } = place
  const arn = (service: string, resource: string) => `arn:${partition}:${service}:${region}:${account}:${resource}`
  const named = (property: string) =>
    typeof properties[property] === 'string' ? properties[property] : `${stackName}-${logicalId}`
  switch (type) {
    case 'AWS::S3::Bucket': {
      const name = named('BucketName').toLowerCase().slice(0, 63)
      return { ref: name, attributes: { Arn: `arn:${partition}:s3:::${name}` } }
    }
    case 'AWS::DynamoDB::Table': {
      const name = named('TableName')
      return { ref: name, attributes: { Arn: arn('dynamodb', `table/${name}`) } }
    }
    case 'AWS::Lambda::Function': {
      const name = named('FunctionName')
      return { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } }
    }
    case 'AWS::IAM::Role': {
      const name = named('RoleName')
      return { ref: name, attributes: { Arn: `arn:${partition}:iam::${account}:role/${name}` } }
    }
    case 'AWS::Logs::LogGroup': {
      const name = named('LogGroupName')
      return { ref: name, attributes: { Arn: `${arn('logs', `log-group:${name}`)}:*` } }
    }
    case 'AWS::SNS::Topic': {
      const topic = arn('sns', named('TopicName'))
      return { ref: topic, attributes: { TopicArn: topic } }
    }
    case 'AWS::KMS::Key': {
      const key = arn('kms', `key/${logicalId}`)
      return { ref: logicalId, attributes: { Arn: key } }
    }
    case 'AWS::Events::Rule': {
      const name = named('Name')
      return { ref: name, attributes: { Arn: arn('events', `rule/${name}`) } }
    }
    case 'AWS::ApiGatewayV2::Api':
      return { ref: logicalId.toLowerCase(), attributes: { ApiEndpoint: url } }
    case 'AWS::ApiGatewayV2::Integration':
    case 'AWS::ApiGatewayV2::Route':
    case 'AWS::ApiGatewayV2::Stage':
    case 'AWS::CloudWatch::Alarm':
    case 'AWS::Lambda::EventInvokeConfig':
    case 'AWS::Lambda::Permission':
    case 'AWS::S3::BucketPolicy':
    case 'AWS::SNS::Subscription':
    case 'AWS::SNS::TopicPolicy':
      return { ref: logicalId, attributes: {} }
    default:
      throw new Error(`${logicalId}: the embedded cloud does not know resources of type ${type}`)
  }
}
