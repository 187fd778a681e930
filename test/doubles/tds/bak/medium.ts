/** Where the bytes of a backup go: a file, or what stands for one. */
export interface Sink {
  write(data: Buffer, offset: number, length: number, position: number): Promise<unknown>
}

/** Where they come from. */
export interface Source {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
  stat(): Promise<{ size: number }>
}
