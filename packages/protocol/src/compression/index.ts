export type { AsyncOptions, DecompressOptions } from './codec.ts'
export { compress, compressAsync, decompress, decompressAsync, prepareCodec } from './codec.ts'
export * from './codec-name.ts'
export { compressionLevel } from './level.ts'
