import { expect, test } from 'vitest'
import { app } from '../define'
import { acceptedLanguages, languageOf } from './language'

const german = app({ name: 'Notes', tables: [], auth: { messages: { locale: 'de' } } })

test("a person's own language comes before their phone's, and that before the app's", () => {
  expect(languageOf(german, { locale: 'fr-CH' }, 'es')).toBe('fr-CH')
  expect(languageOf(german, { language: 'it_IT' }, 'es')).toBe('it-IT')
  expect(languageOf(german, {}, 'es;q=0.5, pt-BR')).toBe('pt-BR')
  expect(languageOf(german, null, null)).toBe('de')
  expect(languageOf(app({ name: 'Notes', tables: [] }), null, '*')).toBe('en')
})

test('what is no language tag counts as none', () => {
  for (const locale of [7, null, {}, '', 'x', 'de\r\nBcc: a@b.example', '<b>', 'a'.repeat(300), '../de', '__proto__'])
    expect(languageOf(german, { locale }, null)).toBe('de')
})

test('Accept-Language is read by its qualities; a broken one says nothing', () => {
  expect(acceptedLanguages('en;q=0.4, de-CH, fr;q=0.9')).toEqual(['de-CH', 'fr', 'en'])
  expect(acceptedLanguages('en;q=0, *;q=0.5, ;;;, =')).toEqual([])
  expect(acceptedLanguages('x'.repeat(100_000))).toEqual([])
})
