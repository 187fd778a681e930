import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib'
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import { BlockPublicAccess, Bucket, BucketEncryption, HttpMethods, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'

/** Milliseconds a signature may be old, whoever made it: the 15 minutes of a URL and one more for clocks. */
const signatureAgeCeiling = 960_000
const everything = ['packs/*', 'meta/*']

export interface VaultProps {
  /** Of the restore page, which fetches packs from a browser. */
  origin: string
  /** A KMS key of the provider's own; left out, S3's. */
  kmsKeyArn?: string | undefined
}

/**
 * The bucket that holds packs and receipts. Object lock is on without a default retention: the committer locks exactly what a
 * commit names, and what never was committed can be removed.
 */
export class Vault extends Construct {
  readonly bucket: Bucket
  /** Of the provider's own key, where there is one. */
  readonly keyArn: string | undefined

  constructor(scope: Construct, id: string, { origin, kmsKeyArn }: VaultProps) {
    super(scope, id)
    this.keyArn = kmsKeyArn
    this.bucket = new Bucket(this, 'Bucket', {
      versioned: true,
      objectLockEnabled: true,
      ...(kmsKeyArn === undefined
        ? { encryption: BucketEncryption.S3_MANAGED }
        : {
            encryption: BucketEncryption.KMS,
            encryptionKey: Key.fromKeyArn(this, 'Key', kmsKeyArn),
            bucketKeyEnabled: true,
          }),
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
    this.#denyOldSignatures()
    this.#denyRewriting()
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Every URL to this bucket is signed by the receiver, which audits it in the catalogue under the agent or link it was made for. ' +
        'Server access logs would need a second bucket without object lock that holds tenant and source ids of every part; ' +
        'a provider who wants them turns on CloudTrail data events.',
    })
  }

  #denyOldSignatures(): void {
    this.#deny('NoOldSignatures', 's3:*', [this.bucket.bucketArn, this.bucket.arnForObjects('*')], {
      NumericGreaterThan: { 's3:signatureAge': String(signatureAgeCeiling) },
    })
  }

  /**
   * What holds for everybody, the account's administrators included: who wants it otherwise must change this policy first, and CloudTrail
   * tells of it. Other keys than those of the receiver are left out, so that `npm run conformance` can work in the same bucket.
   */
  #denyRewriting(): void {
    const ours = everything.map(keys => this.bucket.arnForObjects(keys))
    // A snapshot's objects are written once. The key s3:ObjectCreationOperation leaves out CreateMultipartUpload and UploadPart, which take
    // no condition; CopyObject is refused. What lies directly under a tenant (its nightly export) is written again and again.
    this.#deny(
      'WriteOnce',
      's3:PutObject',
      [this.bucket.arnForObjects('packs/*'), this.bucket.arnForObjects('meta/*/*/*/*')],
      { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
    )
    this.#deny('NoBypass', 's3:BypassGovernanceRetention', ours)
    // A delete without a version hides an object behind a marker and frees nothing. The janitor deletes by version.
    this.#deny('NoDeleteMarkers', 's3:DeleteObject', ours)
  }

  #deny(sid: string, action: string, resources: string[], conditions = {}): void {
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        sid,
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: [action],
        resources,
        conditions,
      }),
    )
  }
}
