import type { FieldSpec, Primitive } from './schema.ts'

/** What an object costs besides its fields, and each place in an object or list, in V8 without pointer compression. */
const OBJECT_BYTES = 24
const PLACE_BYTES = 8
/** Long lists grow, by half each time: for each element so much may be room that is not used. */
export const SPARE_BYTES = 4
/** A list, empty or not; its places are counted by themselves. */
const LIST_BYTES = 48
/** Unknown tagged fields of one struct, however many: the object, the view of the frame and the key. */
export const UNKNOWN_TAGS_BYTES = 320

/** What a value takes besides its place, at most, and without its content where that has a size of its own. */
const VALUE_BYTES: Partial<Record<Primitive, number>> = {
  uint32: 16,
  int64: 16,
  int64OrInfinity: 16,
  int64OrBigint: 24,
  float64: 16,
  bigint64: 24,
  uuid: 40,
  string: 32,
  bytes: 192,
  records: 192,
}

/**
 * About how many bytes of memory a decoded value of this field takes at most, its place in an object or list included:
 * lists and texts in it taken as empty. Rather too much than too little.
 */
export function decodedSize({ type }: FieldSpec): number {
  switch (type.kind) {
    case 'array':
      return PLACE_BYTES + LIST_BYTES
    case 'struct':
      return Object.values(type.shape).reduce(
        (sum, field) => sum + decodedSize(field.spec),
        PLACE_BYTES + OBJECT_BYTES,
      )
    default:
      return PLACE_BYTES + (VALUE_BYTES[type.kind] ?? 0)
  }
}
