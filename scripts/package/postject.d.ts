/** The package has no types of its own. */
declare module 'postject' {
  /** Writes `data` as a resource into the executable at `path`, and turns the fuse that tells Node so. */
  export function inject(path: string, resource: string, data: Buffer, options: { sentinelFuse: string }): Promise<void>
}
