/**
 * The names of AWS's actions, of the services that the stack's policies speak of. A policy that names an action which is not here is refused
 * when it is loaded: a Deny with a slip of the pen in it would forbid nothing, and nobody would see.
 */
const names: Record<string, string> = {
  s3: `AbortMultipartUpload BypassGovernanceRetention CreateAccessPoint CreateBucket CreateJob DeleteAccessPoint DeleteAccessPointPolicy
    DeleteBucket DeleteBucketOwnershipControls DeleteBucketPolicy DeleteBucketWebsite DeleteJobTagging DeleteObject DeleteObjectTagging
    DeleteObjectVersion DeleteObjectVersionTagging DescribeJob GetAccelerateConfiguration GetAccessPoint GetAccessPointPolicy
    GetAccessPointPolicyStatus GetAccountPublicAccessBlock GetAnalyticsConfiguration GetBucketAcl GetBucketCORS GetBucketLocation
    GetBucketLogging GetBucketNotification GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy
    GetBucketPolicyStatus GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite
    GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration GetJobTagging GetLifecycleConfiguration
    GetMetricsConfiguration GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging
    GetObjectTorrent GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes GetObjectVersionForReplication
    GetObjectVersionTagging GetObjectVersionTorrent GetReplicationConfiguration InitiateReplication ListAccessPoints ListAllMyBuckets
    ListBucket ListBucketMultipartUploads ListBucketVersions ListJobs ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner
    PauseReplication PutAccelerateConfiguration PutAccessPointPolicy PutAccountPublicAccessBlock PutAnalyticsConfiguration PutBucketAcl
    PutBucketCORS PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy
    PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration
    PutIntelligentTieringConfiguration PutInventoryConfiguration PutJobTagging PutLifecycleConfiguration PutMetricsConfiguration PutObject
    PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging
    PutReplicationConfiguration ReplicateDelete ReplicateObject ReplicateTags RestoreObject UpdateJobPriority UpdateJobStatus`,
  dynamodb: `BatchGetItem BatchWriteItem ConditionCheckItem CreateBackup CreateGlobalTable CreateTable CreateTableReplica DeleteBackup DeleteItem
    DeleteResourcePolicy DeleteTable DeleteTableReplica DescribeBackup DescribeContinuousBackups DescribeContributorInsights
    DescribeEndpoints DescribeExport DescribeGlobalTable DescribeGlobalTableSettings DescribeImport
    DescribeKinesisStreamingDestination DescribeLimits DescribeReservedCapacity DescribeReservedCapacityOfferings DescribeStream
    DescribeTable DescribeTableReplicaAutoScaling DescribeTimeToLive DisableKinesisStreamingDestination
    EnableKinesisStreamingDestination ExportTableToPointInTime GetItem GetRecords GetResourcePolicy GetShardIterator ImportTable ListBackups
    ListContributorInsights ListExports ListGlobalTables ListImports ListStreams ListTables ListTagsOfResource PartiQLDelete PartiQLInsert
    PartiQLSelect PartiQLUpdate PurchaseReservedCapacityOfferings PutItem PutResourcePolicy Query RestoreTableFromAwsBackup
    RestoreTableFromBackup RestoreTableToPointInTime Scan StartAwsBackupJob TagResource UntagResource UpdateContinuousBackups
    UpdateContributorInsights UpdateGlobalTable UpdateGlobalTableSettings UpdateItem UpdateKinesisStreamingDestination UpdateTable
    UpdateTableReplicaAutoScaling UpdateTimeToLive`,
  sns: `AddPermission CheckIfPhoneNumberIsOptedOut ConfirmSubscription CreatePlatformApplication CreatePlatformEndpoint
    CreateSMSSandboxPhoneNumber CreateTopic DeleteEndpoint DeletePlatformApplication DeleteSMSSandboxPhoneNumber DeleteTopic
    GetDataProtectionPolicy GetEndpointAttributes GetPlatformApplicationAttributes GetSMSAttributes GetSMSSandboxAccountStatus
    GetSubscriptionAttributes GetTopicAttributes ListEndpointsByPlatformApplication ListOriginationNumbers ListPhoneNumbersOptedOut
    ListPlatformApplications ListSMSSandboxPhoneNumbers ListSubscriptions ListSubscriptionsByTopic ListTagsForResource ListTopics
    OptInPhoneNumber Publish PutDataProtectionPolicy RemovePermission SetEndpointAttributes SetPlatformApplicationAttributes
    SetSMSAttributes SetSubscriptionAttributes SetTopicAttributes Subscribe TagResource Unsubscribe UntagResource
    VerifySMSSandboxPhoneNumber`,
  kms: `CancelKeyDeletion ConnectCustomKeyStore CreateAlias CreateCustomKeyStore CreateGrant CreateKey Decrypt DeleteAlias
    DeleteCustomKeyStore DeleteImportedKeyMaterial DeriveSharedSecret DescribeCustomKeyStores DescribeKey DisableKey DisableKeyRotation
    DisconnectCustomKeyStore EnableKey EnableKeyRotation Encrypt GenerateDataKey GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext
    GenerateDataKeyWithoutPlaintext GenerateMac GenerateRandom GetKeyPolicy GetKeyRotationStatus GetParametersForImport GetPublicKey
    ImportKeyMaterial ListAliases ListGrants ListKeyPolicies ListKeyRotations ListKeys ListResourceTags ListRetirableGrants PutKeyPolicy
    ReEncryptFrom ReEncryptTo ReplicateKey RetireGrant RevokeGrant RotateKeyOnDemand ScheduleKeyDeletion Sign SynchronizeMultiRegionKey
    TagResource UntagResource UpdateAlias UpdateCustomKeyStore UpdateKeyDescription UpdatePrimaryRegion Verify VerifyMac`,
  logs: `CreateLogGroup CreateLogStream DeleteLogGroup DeleteLogStream DeleteMetricFilter DeleteResourcePolicy DeleteRetentionPolicy
    DeleteSubscriptionFilter DescribeLogGroups DescribeLogStreams DescribeMetricFilters DescribeResourcePolicies
    DescribeSubscriptionFilters FilterLogEvents GetLogEvents GetLogRecord GetQueryResults ListTagsForResource PutLogEvents PutMetricFilter
    PutResourcePolicy PutRetentionPolicy PutSubscriptionFilter StartLiveTail StartQuery StopQuery TagResource UntagResource`,
  'execute-api': 'InvalidateCache Invoke ManageConnections',
}

/** `service:Action`, all of them. */
export const actions: readonly string[] = Object.entries(names).flatMap(([service, list]) =>
  list
    .trim()
    .split(/\s+/)
    .map(name => `${service}:${name}`),
)
