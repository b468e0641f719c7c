export type { AsyncOptions, CodecName, DecompressOptions } from './codec.ts'
export {
  codecNames,
  codecNumber,
  compress,
  compressAsync,
  decompress,
  decompressAsync,
  prepareCodec,
} from './codec.ts'
export { compressionLevel } from './level.ts'
