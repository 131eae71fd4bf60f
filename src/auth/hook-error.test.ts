import { expect, test } from 'vitest'
import { withoutInput } from './hook-error'

test('says what was thrown and where, without what the hook was told of the person', () => {
  const input = { user: { email: 'ada@example.com', user_metadata: { names: ['Ada Lovelace'] }, id: '1' } }
  const error = withoutInput(new TypeError('no plan for ada@example.com\n(Ada Lovelace), status 401'), input)
  expect(error.message).toBe('TypeError: no plan for … (…), status 401')
  expect(error.stack).toContain('hook-error.test.ts')
  expect(error.stack).not.toMatch(/ada|Ada/)
})

test('is short, and takes whatever is thrown', () => {
  expect(withoutInput(new Error('x'.repeat(1_000)), {}).message).toHaveLength('Error: '.length + 300)
  for (const thrown of ['ada@example.com', null, undefined, { message: 'ada@example.com' }]) {
    expect(withoutInput(thrown, {}).message).toBe('It threw something that is no error.')
  }
})
