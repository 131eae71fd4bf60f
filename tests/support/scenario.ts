// A request and everything its answer must and must not hold, as one row of a table.
import { expect, test } from 'vitest'
import { call } from './users'

export interface Scenario {
  /** The rule, as the test's name. */
  readonly name: string
  readonly method?: string
  readonly path: string | (() => string)
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)
  /** Sent as JSON unless it is a text. */
  readonly body?: unknown
  readonly status: number
  /** Texts that the body holds. */
  readonly contains?: readonly string[]
  /** Texts that must not leak, neither in the body nor in a header. */
  readonly lacks?: readonly string[]
  readonly answerHeaders?: Readonly<Record<string, string | RegExp>>
  /** Looks at what the request did. */
  readonly after?: (response: Response, text: string) => Promise<void> | void
}

const resolve = <T>(value: T | (() => T)): T => (typeof value === 'function' ? (value as () => T)() : value)

/** Declares a test a row. */
export function scenarios(rows: readonly Scenario[]): void {
  for (const row of rows) {
    test(row.name, async () => {
      const response = await call(resolve(row.path), {
        method: row.method ?? (row.body === undefined ? 'GET' : 'POST'),
        headers: { ...(row.body === undefined ? {} : { 'content-type': 'application/json' }), ...resolve(row.headers ?? {}) },
        ...(row.body === undefined ? {} : { body: typeof row.body === 'string' ? row.body : JSON.stringify(row.body) }),
      })
      const text = await response.text()
      const headers = JSON.stringify([...response.headers])
      expect(response.status, text).toBe(row.status)
      for (const wanted of row.contains ?? []) expect(text).toContain(wanted)
      for (const unwanted of row.lacks ?? []) {
        expect(text).not.toContain(unwanted)
        expect(headers).not.toContain(unwanted)
      }
      for (const [name, value] of Object.entries(row.answerHeaders ?? {})) {
        if (typeof value === 'string') expect(response.headers.get(name), name).toBe(value)
        else expect(response.headers.get(name) ?? '', name).toMatch(value)
      }
      await row.after?.(response, text)
    })
  }
}
