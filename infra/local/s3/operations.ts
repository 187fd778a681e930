import { createBucket, deleteBucket, headBucket } from './bucket/bucket.ts'
import { putCors } from './bucket/cors.ts'
import { getVersioning, putVersioning } from './bucket/versioning.ts'
import type { Call } from './call.ts'
import { abort } from './multipart/abort.ts'
import { complete } from './multipart/complete.ts'
import { create } from './multipart/create.ts'
import { listParts } from './multipart/list-parts.ts'
import { listUploads } from './multipart/list-uploads.ts'
import { uploadPart } from './multipart/upload-part.ts'
import { deleteObject } from './object/delete.ts'
import { deleteObjects } from './object/delete-many.ts'
import { getObject, headObject } from './object/get.ts'
import { listObjects } from './object/list.ts'
import { listVersions } from './object/list-versions.ts'
import { putObject } from './object/put.ts'
import { getRetention, putRetention } from './object/retention.ts'
import type { Operation, Permission } from './operation.ts'

const onBucket = (action: string) => (): Permission[] => [{ action, on: 'bucket' }]
const onObject = (action: string) => (): Permission[] => [{ action, on: 'object' }]

/** With a version id AWS asks for a permission of its own. */
const byVersion = (plain: string, versioned: string) => (call: Call) =>
  onObject(call.query.has('versionId') ? versioned : plain)()

/** Who creates an object with a lock, or says whose it is, needs the right to do so, too. */
const creating = (call: Call): Permission[] => [
  ...onObject('s3:PutObject')(),
  ...(call.header('x-amz-object-lock-mode') === undefined ? [] : onObject('s3:PutObjectRetention')()),
  ...(call.header('x-amz-acl') === undefined ? [] : onObject('s3:PutObjectAcl')()),
]

const checksums = ['x-amz-checksum-sha256', 'x-amz-checksum-crc32']
const streaming = ['x-amz-trailer', 'x-amz-decoded-content-length']
const locking = ['x-amz-object-lock-mode', 'x-amz-object-lock-retain-until-date']
const bypass = 'x-amz-bypass-governance-retention'
const overrides = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
]
const reading = {
  on: 'object',
  query: ['versionId', ...overrides.map(name => `response-${name}`)],
  headers: ['x-amz-checksum-mode'],
  permissions: byVersion('s3:GetObject', 's3:GetObjectVersion'),
} as const satisfies Partial<Operation>

export const operations = {
  CreateBucket: {
    method: 'PUT',
    on: 'bucket',
    headers: ['x-amz-bucket-object-lock-enabled', ...checksums],
    permissions: call => [
      ...onBucket('s3:CreateBucket')(),
      ...(call.header('x-amz-bucket-object-lock-enabled') === undefined
        ? []
        : [...onBucket('s3:PutBucketObjectLockConfiguration')(), ...onBucket('s3:PutBucketVersioning')()]),
    ],
    run: createBucket,
  },
  HeadBucket: { method: 'HEAD', on: 'bucket', permissions: onBucket('s3:ListBucket'), run: headBucket },
  DeleteBucket: { method: 'DELETE', on: 'bucket', permissions: onBucket('s3:DeleteBucket'), run: deleteBucket },
  PutBucketCors: {
    method: 'PUT',
    on: 'bucket',
    marks: { cors: '' },
    headers: checksums,
    permissions: onBucket('s3:PutBucketCORS'),
    run: putCors,
  },
  PutBucketVersioning: {
    method: 'PUT',
    on: 'bucket',
    marks: { versioning: '' },
    headers: checksums,
    permissions: onBucket('s3:PutBucketVersioning'),
    run: putVersioning,
  },
  GetBucketVersioning: {
    method: 'GET',
    on: 'bucket',
    marks: { versioning: '' },
    permissions: onBucket('s3:GetBucketVersioning'),
    run: getVersioning,
  },
  ListObjectsV2: {
    method: 'GET',
    on: 'bucket',
    marks: { 'list-type': '2' },
    query: ['prefix', 'delimiter', 'max-keys', 'continuation-token', 'start-after', 'encoding-type', 'fetch-owner'],
    permissions: onBucket('s3:ListBucket'),
    run: listObjects,
  },
  ListObjectVersions: {
    method: 'GET',
    on: 'bucket',
    marks: { versions: '' },
    query: ['prefix', 'delimiter', 'max-keys', 'key-marker', 'version-id-marker', 'encoding-type'],
    permissions: onBucket('s3:ListBucketVersions'),
    run: listVersions,
  },
  ListMultipartUploads: {
    method: 'GET',
    on: 'bucket',
    marks: { uploads: '' },
    query: ['prefix', 'delimiter', 'max-uploads', 'key-marker', 'upload-id-marker', 'encoding-type'],
    permissions: onBucket('s3:ListBucketMultipartUploads'),
    run: listUploads,
  },
  DeleteObjects: {
    method: 'POST',
    on: 'bucket',
    marks: { delete: '' },
    headers: [bypass, ...checksums, ...streaming],
    // Each object is asked for on its own.
    permissions: () => [],
    run: deleteObjects,
  },
  PutObject: {
    method: 'PUT',
    on: 'object',
    headers: ['x-amz-acl', 'x-amz-meta-', ...checksums, ...streaming, ...locking],
    permissions: creating,
    createsObject: true,
    run: putObject,
  },
  GetObject: { ...reading, method: 'GET', run: getObject },
  HeadObject: { ...reading, method: 'HEAD', run: headObject },
  DeleteObject: {
    method: 'DELETE',
    on: 'object',
    query: ['versionId'],
    headers: [bypass],
    permissions: byVersion('s3:DeleteObject', 's3:DeleteObjectVersion'),
    run: deleteObject,
  },
  PutObjectRetention: {
    method: 'PUT',
    on: 'object',
    marks: { retention: '' },
    query: ['versionId'],
    headers: [bypass, ...checksums],
    permissions: onObject('s3:PutObjectRetention'),
    run: putRetention,
  },
  GetObjectRetention: {
    method: 'GET',
    on: 'object',
    marks: { retention: '' },
    query: ['versionId'],
    permissions: onObject('s3:GetObjectRetention'),
    run: getRetention,
  },
  CreateMultipartUpload: {
    method: 'POST',
    on: 'object',
    marks: { uploads: '' },
    headers: ['x-amz-acl', 'x-amz-meta-', 'x-amz-checksum-algorithm', 'x-amz-checksum-type', ...locking],
    permissions: creating,
    run: create,
  },
  UploadPart: {
    method: 'PUT',
    on: 'object',
    marks: { uploadId: undefined, partNumber: undefined },
    headers: [...checksums, ...streaming],
    permissions: onObject('s3:PutObject'),
    run: uploadPart,
  },
  ListParts: {
    method: 'GET',
    on: 'object',
    marks: { uploadId: undefined },
    query: ['max-parts', 'part-number-marker'],
    permissions: onObject('s3:ListMultipartUploadParts'),
    run: listParts,
  },
  CompleteMultipartUpload: {
    method: 'POST',
    on: 'object',
    marks: { uploadId: undefined },
    headers: ['x-amz-checksum-type', 'x-amz-mp-object-size', ...checksums],
    permissions: onObject('s3:PutObject'),
    createsObject: true,
    run: complete,
  },
  AbortMultipartUpload: {
    method: 'DELETE',
    on: 'object',
    marks: { uploadId: undefined },
    permissions: onObject('s3:AbortMultipartUpload'),
    run: abort,
  },
} satisfies Record<string, Operation>
