import type { NativeSnappy } from './compression/snappy.ts'
import { useNativeSnappy } from './compression/snappy.ts'
import { useNativeCrc32c } from './records/crc32c.ts'

/**
 * Packages with native code that do the same faster, where they are installed: optional peers of this package. Both
 * come prebuilt from the registry for all common platforms, without an install script, and run on Bun and Deno.
 */
export const nativePackages = ['@node-rs/crc32', 'snappy'] as const

/** One of `nativePackages`. */
export type NativePackage = (typeof nativePackages)[number]

interface Crc32Package {
  crc32c(bytes: Uint8Array, previous?: number): number
}

/** Each is tried out before it is used: a wrong checksum would make every batch unreadable. */
const adopt: Record<NativePackage, (found: unknown) => boolean> = {
  '@node-rs/crc32': (found) => {
    const { crc32c } = memberOf<Crc32Package>(found, 'crc32c')
    const isRight =
      crc32c(Buffer.from('123456789')) === 0xe3069283 &&
      crc32c(Buffer.from('6789'), crc32c(Buffer.from('12345'))) === 0xe3069283
    if (isRight) useNativeCrc32c(crc32c)
    return isRight
  },
  snappy: (found) => {
    const { compressSync, uncompressSync } = memberOf<NativeSnappy>(found, 'compressSync')
    const sample = Buffer.from('samsa samsa samsa '.repeat(100))
    const isRight = Buffer.from(uncompressSync(compressSync(sample), { asBuffer: true })).equals(sample)
    if (isRight) useNativeSnappy({ compressSync, uncompressSync })
    return isRight
  },
}

let isDecided = false

/** What the client does on a real machine: `useNative()`, once, and unless somebody has called that before. */
export function preferNative(): void {
  if (!isDecided) void useNative()
}

/**
 * From now on, in the whole process, exactly those of these packages are used that can be loaded and work; the others'
 * work is done in JavaScript. Nothing is loaded unless this is called. What is read and what is checked is the same
 * either way; compressed bytes may differ, which is why a run that is to be repeated exactly does without.
 * @param wanted none: back to JavaScript
 * @param load how a package is loaded; by default `import` with a name that bundlers do not follow. Whoever bundles
 *   gives `(name) => (name === 'snappy' ? import('snappy') : import('@node-rs/crc32'))`.
 * @returns those that are used
 */
export async function useNative(
  wanted: readonly NativePackage[] = nativePackages,
  load: (name: NativePackage) => Promise<unknown> = (name) =>
    import(/* webpackIgnore: true */ /* @vite-ignore */ name),
): Promise<NativePackage[]> {
  isDecided = true
  useNativeCrc32c(undefined)
  useNativeSnappy(undefined)
  const used: NativePackage[] = []
  for (const name of wanted) {
    try {
      if (adopt[name](await load(name))) used.push(name)
    } catch {
      // Not installed, not for this platform, or not what it was: JavaScript does it.
    }
  }
  return used
}

/** CommonJS shows its members on the module or only on its default, depending on the runtime. */
function memberOf<T extends object>(found: unknown, name: keyof T & string): T {
  const module = found as T & { default?: T }
  return module[name] === undefined && module.default ? module.default : module
}
