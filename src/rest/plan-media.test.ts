import { expect, test } from 'vitest'
import { negotiate } from './accept'
import { parsePlanMedia } from './plan-media'

test('a plan names its format, the answer it would be of, and options; other types are none', () => {
  expect(parsePlanMedia('application/vnd.pgrst.plan')).toEqual({ format: 'text', for: 'application/json', options: [] })
  expect(parsePlanMedia(' application/vnd.pgrst.plan+json ; for="text/csv"; options=analyze|verbose|;')).toEqual({
    format: 'json',
    for: 'text/csv',
    options: ['analyze', 'verbose'],
  })
  // What stands in quotes is no option.
  expect(parsePlanMedia('application/vnd.pgrst.plan+text; for="x; options=analyze"')?.options).toEqual([])
  for (const other of ['application/json', 'application/vnd.pgrst.plane', 'application/vnd.pgrst.plan+xml', ''])
    expect(parsePlanMedia(other)).toBeNull()
})

test('a plan of a type that is not answered is passed over for the next type', () => {
  const { form, stripNulls, plan } = negotiate(
    'application/vnd.pgrst.plan+text; for="application/vnd.pgrst.object+json;nulls=stripped"; options=',
  )
  expect([form, stripNulls, plan?.for]).toEqual(['object', true, 'application/vnd.pgrst.object+json;nulls=stripped'])
  expect(negotiate('application/vnd.pgrst.plan; for="image/png", text/csv')).toMatchObject({ form: 'csv' })
  expect(() => negotiate('application/vnd.pgrst.plan; for="image/png"')).toThrow('None of these media types are available')
})
