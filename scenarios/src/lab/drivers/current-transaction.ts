interface Transaction {
  commit(): Promise<unknown>
  abort(): Promise<unknown>
}

/** The transaction of a library that gives an object for each, of which one is open at most. */
export class CurrentTransaction<T extends Transaction> {
  readonly #start: () => Promise<T>
  #transaction: T | undefined

  constructor(start: () => Promise<T>) {
    this.#start = start
  }

  /** Nothing happens when one is open already. */
  async begin(): Promise<void> {
    this.#transaction ??= await this.#start()
  }

  get open(): T {
    if (!this.#transaction) throw new Error('no transaction was begun')
    return this.#transaction
  }

  async commit(): Promise<void> {
    await this.open.commit()
    this.#transaction = undefined
  }

  async abort(): Promise<void> {
    await this.open.abort()
    this.#transaction = undefined
  }
}
