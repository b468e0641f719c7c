/** A decoded struct: its fields by name. */
export type Value = Record<string | symbol, unknown>

/**
 * Makes objects that are as plain as `{}`, of a constructor of their own for each struct: the engine then learns how
 * many fields they get, and makes them twice as fast as those of one place that serves all structs.
 */
export function plainObject(): new () => Value {
  function Value(): void {}
  Value.prototype = Object.prototype
  return Value as unknown as new () => Value
}
