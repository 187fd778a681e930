import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib'
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { BlockPublicAccess, Bucket, BucketEncryption, HttpMethods, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'

/** Milliseconds a signature may be old, whoever made it: the 15 minutes of a URL and one more for clocks. */
const signatureAgeCeiling = 960_000

/**
 * The bucket that holds packs and receipts. Object lock is on without a default retention: the committer locks exactly what a
 * commit names, and what never was committed can be removed.
 */
export class Vault extends Construct {
  readonly bucket: Bucket

  /** @param origin of the restore page, which fetches packs from a browser */
  constructor(scope: Construct, id: string, origin: string) {
    super(scope, id)
    this.bucket = new Bucket(this, 'Bucket', {
      versioned: true,
      objectLockEnabled: true,
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      lifecycleRules: [{ id: 'abandoned-uploads', abortIncompleteMultipartUploadAfter: Duration.days(30) }],
      cors: [
        {
          allowedMethods: [HttpMethods.GET],
          allowedOrigins: [origin],
          allowedHeaders: ['range'],
          exposedHeaders: ['content-range', 'content-length', 'etag'],
          maxAge: 3600,
        },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    })
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'NoOldSignatures',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['s3:*'],
        resources: [this.bucket.bucketArn, this.bucket.arnForObjects('*')],
        conditions: { NumericGreaterThan: { 's3:signatureAge': String(signatureAgeCeiling) } },
      }),
    )
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Every URL to this bucket is signed by the receiver, which audits it in the catalogue under the agent or link it was made for. ' +
        'Server access logs would need a second bucket without object lock that holds tenant and source ids of every part; ' +
        'a provider who wants them turns on CloudTrail data events.',
    })
  }
}
