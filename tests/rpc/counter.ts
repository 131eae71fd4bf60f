// The library's desk behind a real backend, with what stands on its shelves.
import counter from '../apps/counter'
import { serve, sql } from '../support/backend'

export { PUBLISHABLE_KEY, sql, type Answer, type Person } from '../support/backend'
export const { fetchBackend, mount, nobody, person, service, stranger } = serve(counter)

/** Two people, four books (the fourth nobody's to see), two reviews. */
export async function fillShelves(): Promise<void> {
  await mount()
  await sql(
    `INSERT INTO people (id, name, email, secret) VALUES ('ann', 'Ann', 'ann@example.com', 's1'), ('bob', 'Bob', 'bob@example.com', 's2')`,
  )
  await sql(
    `INSERT INTO books (id, title, author_id, published, rating, genre, pages, created_at) VALUES
      (1, 'Alpine', 'ann', 1, 4.5, 'novel', 300, 1767323045678), (2, 'Basalt', 'bob', 1, 3.5, 'novel', 200, 1767323045678),
      (3, 'Cirrus', 'ann', 1, 5, 'essay', 100, 1767323045678), (4, 'Dusk', 'ann', 0, 4.9, 'essay', 50, 1767323045678)`,
  )
  await sql(
    `INSERT INTO reviews (id, book_id, reviewer_id, stars, hidden_by) VALUES ('r1', 1, 'bob', 5, NULL), ('r2', 1, 'ann', 1, 'bob'), ('r3', 3, 'bob', 4, NULL)`,
  )
}
