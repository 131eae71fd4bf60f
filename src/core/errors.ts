// The one error that leaves a room, and the shape of a room's catalog of them. It renders nothing: middleware/errors.ts does.

/** What a kind of error always means, whatever the request was. */
export interface ErrorDefinition {
  /** Stable machine-readable name, snake_case, unique over all rooms. */
  readonly code: string
  readonly status: number
  /** What went wrong, in general; used as the message when none is given. */
  readonly title: string
  /** Whether the same request may succeed later, unchanged. */
  readonly retry: boolean
  /** The code in the PostgREST dialect (`PGRST…` or an SQLSTATE); `PGRST000` when absent. */
  readonly postgrest?: string
}

/** What is particular to one occurrence. Nothing private: all of it but `cause` reaches the phone. */
export interface ErrorOccurrence {
  readonly message?: string
  /** PostgREST's `details`, RFC 9457's `detail`. */
  readonly details?: unknown
  readonly hint?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Extra members of a JSON body, for the dialects that have some (GoTrue's `weak_password`). */
  readonly body?: Readonly<Record<string, unknown>>
  /** Goes to the log, never to the phone. */
  readonly cause?: unknown
}

/** An error whose code, status and text are meant for the caller. */
export class AppError extends Error {
  readonly definition: ErrorDefinition
  readonly occurrence: ErrorOccurrence

  constructor(definition: ErrorDefinition, occurrence: ErrorOccurrence = {}) {
    super(occurrence.message ?? definition.title, { cause: occurrence.cause })
    this.name = 'AppError'
    this.definition = definition
    this.occurrence = occurrence
  }
}

type Definitions = Readonly<Record<string, Omit<ErrorDefinition, 'code'>>>

/** Makes a room's catalog: the key becomes the code. */
export function defineErrors<const T extends Definitions>(definitions: T): { readonly [K in keyof T]: ErrorDefinition } {
  const entries = Object.entries(definitions).map(([code, rest]) => [code, { code, ...rest }])
  return Object.fromEntries(entries) as { readonly [K in keyof T]: ErrorDefinition }
}
