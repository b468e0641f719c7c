/** Where a client writes for people. Each method gets one line. */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

/** Warnings and errors to the console, nothing below. */
const consoleLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (message) => console.warn(`samsa: ${message}`),
  error: (message) => console.error(`samsa: ${message}`),
}

type Listener<Payload> = (payload: Payload) => unknown

/**
 * Typed events. A listener that throws is reported to the logger and never disturbs the client.
 * `on` returns the function that takes the listener off again.
 */
export class Events<Map extends object> {
  readonly logger: Logger
  readonly #listeners = new globalThis.Map<keyof Map, Set<Listener<never>>>()

  constructor(logger: Logger = consoleLogger) {
    this.logger = logger
  }

  on<Name extends keyof Map>(name: Name, listener: Listener<Map[Name]>): () => void {
    let set = this.#listeners.get(name)
    if (!set) {
      set = new Set()
      this.#listeners.set(name, set)
    }
    set.add(listener as Listener<never>)
    return () => void set.delete(listener as Listener<never>)
  }

  emit<Name extends keyof Map>(name: Name, payload: Map[Name]): void {
    void this.tell(name, payload)
  }

  /** As `emit`; resolves when every listener is done, also those that gave a promise. Never rejects. */
  async tell<Name extends keyof Map>(name: Name, payload: Map[Name]): Promise<void> {
    const listeners = this.#listeners.get(name)
    if (!listeners) return
    const threw = (error: unknown) =>
      this.logger.error(`a listener for '${String(name)}' threw: ${describeError(error)}`)
    const underWay = [...listeners].map((listener) => {
      try {
        return Promise.resolve((listener as Listener<Map[Name]>)(payload)).catch(threw)
      } catch (error) {
        return threw(error)
      }
    })
    await Promise.all(underWay)
  }
}

/** Events that every client has. */
export interface ClientEvents {
  connected: { node: number; address: string }
  disconnected: { node: number; address: string; cause: Error | undefined }
  metadata: { generation: number }
}

/** An error in one line, for the log. */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return text.replaceAll(/\s*\n\s*/g, ' ')
}
