import type { CodecName } from './codec-name.ts'
import { lz4ContentSize } from './lz4-frame.ts'
import { zstdFrames } from './zstd-frames.ts'

/** How large compressed bytes say that they become, for messages; undefined where they do not say it, or are none. */
export function claimedSize(name: CodecName, input: Buffer): number | undefined {
  try {
    switch (name) {
      case 'gzip':
        // The last four bytes of a member, modulo 2^32. Source: RFC 1952.
        return input.length < 18 ? undefined : input.readUInt32LE(input.length - 4)
      case 'lz4':
        return lz4ContentSize(input)
      case 'zstd':
        return zstdContentSize(input)
      default:
        return undefined
    }
  } catch {
    return undefined
  }
}

function zstdContentSize(input: Buffer): number | undefined {
  let size = 0
  for (const { content } of zstdFrames(input)) {
    if (content === undefined) return undefined
    size += content
  }
  return size
}
