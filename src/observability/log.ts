// One JSON line an event. Takes names and numbers, never bodies, tokens or addresses.

export type LogLevel = 'info' | 'warn' | 'error'

/** Writes one line. Errors are given by `error`, and only their name, message and stack are kept. */
export function log(level: LogLevel, event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  const { error, ...rest } = fields
  const described =
    error instanceof Error
      ? { error: error.name, message: error.message, stack: error.stack }
      : error === undefined
        ? {}
        : { error: String(error) }
  console[level === 'info' ? 'log' : level](JSON.stringify({ level, event, ...rest, ...described }))
}
