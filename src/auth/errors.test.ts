import { expect, test } from 'vitest'
import { AppError } from '../core'
import { authErrors, renderAuthError } from './errors'

const error = new AppError(authErrors.invalid_credentials, { cause: new Error('secret') })

test('from API version 2024-01-01 on, `code` is the name of the error, and the version is echoed', () => {
  for (const version of ['2024-01-01', '2026-05-05']) {
    const { status, headers, body } = renderAuthError(error, version)
    expect(status).toBe(400)
    expect(headers['x-supabase-api-version']).toBe('2024-01-01')
    expect(body).toEqual({
      code: 'invalid_credentials',
      error_code: 'invalid_credentials',
      message: 'Invalid login credentials',
      msg: 'Invalid login credentials',
    })
  }
})

test('before it, without it, or when it is no date, `code` is the status', () => {
  for (const version of [null, '2023-12-31', 'latest', '3']) {
    const { headers, body } = renderAuthError(error, version)
    expect(headers['x-supabase-api-version']).toBeUndefined()
    expect(headers['x-sb-error-code']).toBe('invalid_credentials')
    expect(body).toEqual({ code: 400, error_code: 'invalid_credentials', msg: 'Invalid login credentials' })
  }
})

test("the errors of other rooms have names that GoTrue's clients know", () => {
  const large = new AppError({ code: 'body_too_large', status: 413, title: 'Too large', retry: false })
  expect(renderAuthError(large, '2024-01-01').body['code']).toBe('request_entity_too_large')
})
