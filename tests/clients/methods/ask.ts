// What tests of single methods share: the answer's rows, and the ships that a filter keeps.
import type { SupabaseClient } from '@supabase/supabase-js'
import { expect } from 'vitest'

export const EVERY = ['Albatros', 'Brigg', 'Corvette', 'Dinghy', 'Esker']

/** The answer's rows; fails on an error. */
export async function rowsOf<T>(query: PromiseLike<{ readonly data: T; readonly error: unknown }>): Promise<NonNullable<T>> {
  const { data, error } = await query
  expect(error).toBeNull()
  return data as NonNullable<T>
}

/** The names of the ships that a filter keeps, in order. */
export async function names(query: PromiseLike<{ readonly data: unknown; readonly error: unknown }>): Promise<string[]> {
  return ((await rowsOf(query)) as { name: string }[]).map(({ name }) => name).toSorted()
}

/** The phone of a test: made when the server is there, so tests ask for it late. */
export type Phone = () => SupabaseClient
