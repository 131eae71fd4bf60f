import { expect, test } from 'vitest'
import * as z from 'zod'
import { taken } from './taken'

test('what a schema refers to stands in its place, and what holds itself may be anything inside', () => {
  const place = z.object({ city: z.string() }).meta({ id: 'Place' })
  const folder = z.object({
    name: z.string(),
    get inside() {
      return z.array(folder)
    },
  })
  const schema = taken(z.object({ from: place, to: place.optional(), folder, anything: z.json() }))
  expect(JSON.stringify(schema)).not.toMatch(/\$ref|\$defs/)
  expect(schema).toMatchObject({
    properties: {
      from: { type: 'object', properties: { city: { type: 'string' } } },
      to: { type: 'object', properties: { city: { type: 'string' } } },
      folder: { properties: { name: { type: 'string' }, inside: { type: 'array' } } },
    },
    required: ['from', 'folder', 'anything'],
  })
})
