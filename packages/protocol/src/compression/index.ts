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
export type { NativePackage } from './native.ts'
export { nativePackages, useNative } from './native.ts'
