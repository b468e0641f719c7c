export type { CodecName, DecompressOptions } from './codec.ts'
export { codecNames, codecNumber, compress, decompress, prepareCodec } from './codec.ts'
