import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { runOk } from '../../test/support/run.ts'
import type { Contender, Run } from './contenders.ts'
import { measure } from './measure.ts'
import type { Store } from './store.ts'

export interface SendSetting {
  root: string
  /** Scratch space. */
  directory: string
  /** Holds the part files. */
  parts: string
  /** Their bytes. */
  bytes: number
  /** Of an enrolled host. */
  config: string
  store: Store
}

const Sent = z.object({ seconds: z.number(), bytes: z.number() })

/** The same part files sent to the same store: by the uploader, by curl with the same header that the store checks them by, and by programs that keep copies in S3. */
export function senders(setting: SendSetting): Contender[] {
  const { root, directory, parts, bytes, config, store } = setting
  const work = join(directory, 'run')
  return [
    {
      name: 'failsafe',
      does: 'the uploader from its first signature to the completed pack, 4 connections',
      async run() {
        // Links: a part that was sent is removed.
        await runOk('cp', ['-al', parts, work])
        try {
          const script = '"$NODE" "$ROOT/scripts/bench/push-parts.ts" "$CONFIG" "$WORK"'
          const measured = await measureHere(script, { CONFIG: config, WORK: work })
          const { seconds } = Sent.parse(JSON.parse(measured.stdout.trim().split('\n').at(-1) ?? ''))
          return { ...measured, wall: seconds }
        } finally {
          await rm(work, { recursive: true, force: true })
        }
      },
    },
    {
      name: 'curl',
      does: 'curl -Z --parallel-max 4 -T PART -H x-amz-checksum-sha256:DIGEST URL, for each part',
      async run(round) {
        const names = (await readdir(parts)).sort()
        const digests = await Promise.all(names.map(name => digestOf(join(parts, name))))
        const upload = await store.begin(`bench/curl-${round}`)
        const urls = await Promise.all(digests.map((digest, index) => upload.address(index + 1, digest)))
        const list = names.map((name, index) =>
          [
            `upload-file = "${join(parts, name)}"`,
            `url = "${urls[index]}"`,
            `header = "x-amz-checksum-sha256: ${digests[index]}"`,
            'output = "/dev/null"',
            'fail',
            'silent',
            'show-error',
            '',
          ].join('\n'),
        )
        const file = join(directory, 'curl')
        await writeFile(file, list.join('next\n'))
        try {
          return await measureHere('curl --fail-early -Z --parallel-max 4 -K "$LIST"', { LIST: file })
        } finally {
          await upload.abort()
        }
      },
    },
    program('rclone', round => `rclone copy --transfers 4 "$PARTS" store:"$BUCKET"/bench/rclone-${round}`),
    program('aws s3 cp', round => {
      const to = `s3://"$BUCKET"/bench/aws-${round}`
      return `aws --endpoint-url "$STORE" s3 cp --recursive --only-show-errors "$PARTS" ${to}`
    }),
    // It compresses, encrypts and looks for what it has already. Its own client signs each chunk of a body, which the embedded cloud does not know.
    program('restic', round => {
      const repository = `-r rclone:store:"$BUCKET"/bench/restic-${round}`
      return `restic init -q ${repository}; restic backup -q ${repository} "$PARTS"`
    }),
  ]

  function program(name: string, script: (round: number) => string): Contender {
    return {
      name,
      does: script(0).replaceAll('"', ''),
      run: round =>
        measureHere(script(round), {
          ...store.credentials,
          // The store is plain HTTP; rclone does without no file of authorities that the environment names.
          AWS_CA_BUNDLE: '',
          ...rcloneStore(store),
          RESTIC_PASSWORD: 'benchmark',
          RESTIC_CACHE_DIR: join(directory, 'restic'),
          PARTS: parts,
          STORE: store.url,
          BUCKET: store.bucket,
        }),
    }
  }

  /** The embedded cloud is this very process. */
  async function measureHere(script: string, env: Record<string, string>): Promise<Run> {
    const measured = await measure(script, { ...env, ROOT: root, NODE: process.execPath }, process.pid)
    return { ...measured, moved: bytes }
  }
}

/** rclone's remote `store`. */
const rcloneStore = ({ url, credentials }: Store) => ({
  RCLONE_CONFIG: '',
  RCLONE_CONFIG_STORE_TYPE: 's3',
  RCLONE_CONFIG_STORE_PROVIDER: 'Other',
  RCLONE_CONFIG_STORE_ENV_AUTH: 'true',
  RCLONE_CONFIG_STORE_ENDPOINT: url,
  RCLONE_CONFIG_STORE_REGION: credentials.AWS_REGION,
  RCLONE_CONFIG_STORE_NO_CHECK_BUCKET: 'true',
  RCLONE_CONFIG_STORE_ACL: 'bucket-owner-full-control',
  RCLONE_CONFIG_STORE_LIST_VERSION: '2',
  RCLONE_CONFIG_STORE_LIST_URL_ENCODE: 'false',
})

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece)
  return hash.digest('base64')
}
