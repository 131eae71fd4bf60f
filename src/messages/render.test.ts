import { expect, test } from 'vitest'
import { app as declare, html, type MailKind, type MessageRules, type SmsKind } from '../define'
import type { Message } from './message'
import { render } from './render'

const MAILS: readonly MailKind[] = [
  'confirmation',
  'magic_link',
  'recovery',
  'invite',
  'email_change_current',
  'email_change_new',
  'reauthentication',
  'password_changed',
  'email_changed',
  'phone_changed',
  'identity_linked',
  'identity_unlinked',
  'mfa_factor_enrolled',
  'mfa_factor_unenrolled',
]
const SMS: readonly SmsKind[] = ['phone_confirmation', 'phone_change', 'phone_reauthentication', 'mfa_phone']

const EVIL = `"><img src=x onerror=alert(1)>'&`

const mail = (more: Partial<Message> = {}): Message =>
  ({
    channel: 'email',
    to: 'ann@example.com',
    kind: 'confirmation',
    locale: 'en',
    variables: { code: '314159', link: 'https://notes.example/verify?token=a&type=signup', data: { name: 'Ann' } },
    ...more,
  }) as Message

const words = (message: Message, messages: MessageRules = {}, name = 'Notes') => {
  const { rendered, problem } = render(declare({ name, tables: [], auth: { messages } }), 'id', message)
  return { ...rendered, problem }
}

test('every message has its words in every language, no two alike', () => {
  for (const locale of ['en', 'de', 'fr', 'es']) {
    for (const kind of MAILS) {
      const { subject, text, html: page } = words(mail({ kind, locale } as Partial<Message>))
      expect(subject, `${locale} ${kind}`).not.toBe('')
      expect(text).toContain('314159')
      expect(page).toContain(`<html lang="${locale}" dir="ltr">`)
      expect(page).toContain('314159')
      expect(`${subject}${text}${page}`).not.toMatch(/undefined|\[object|null/)
    }
    for (const kind of SMS) {
      const { text } = words({ channel: 'sms', to: '+41791234567', kind, locale, variables: { code: '271828' } })
      // One part: 160 letters of GSM 03.38, 70 when one of them isn't of it.
      expect(text.length, text).toBeLessThanOrEqual(/^[ -_a-z{-~àéèùìòÇØøÅåÄÖÑÜäöñü]*$/.test(text) ? 160 : 70)
      expect(text).toMatch(/^271828 /)
    }
  }
  const subjects = ['en', 'de', 'fr', 'es'].map((locale) => words(mail({ locale })).subject)
  expect(new Set(subjects).size).toBe(4)
})

test('the nearest language is written: de-CH in German, an unknown one in the app’s, else in English', () => {
  expect(words(mail({ locale: 'de-CH' })).locale).toBe('de')
  expect(words(mail({ locale: 'DE' })).locale).toBe('de')
  expect(words(mail({ locale: 'rm' }), { locale: 'fr-CH' }).locale).toBe('fr')
  expect(words(mail({ locale: 'rm' })).locale).toBe('en')
  expect(words(mail({ locale: '__proto__' })).locale).toBe('en')
})

test('nothing that people choose becomes markup', () => {
  for (const kind of MAILS) {
    const variables = {
      code: EVIL,
      newEmail: EVIL,
      provider: EVIL,
      link: `https://x.example/${EVIL.replaceAll(' ', '')}`,
      data: { name: EVIL },
    }
    const { html: page } = words(mail({ kind, variables } as Partial<Message>), {}, EVIL)
    expect(page).not.toContain('<img')
    expect(page!.match(/="[^"]*"/g)!.join('')).not.toContain('onerror=alert(1)>')
  }
})

test('a link that runs something is left out', () => {
  for (const link of ['javascript:alert(1)', ' JavaScript:alert(1)', 'data:text/html,x', 'https://a.example/\nb'])
    expect(words(mail({ variables: { link } })).html).not.toContain('<a ')
  expect(words(mail({ variables: { link: 'myapp://confirm?x=1' } })).html).toContain('href="myapp://confirm?x=1"')
})

test('a subject has one line', () => {
  const evil = 'Hello\r\nBcc: eve@example.com\u2028x'
  expect(words(mail(), {}, evil).subject).not.toMatch(/[\r\n\u2028]/)
  const own = { templates: { confirmation: { subject: '{{data.name}}', html: '<p>x</p>' } } }
  expect(words(mail({ variables: { data: { name: evil } } }), own).subject).toBe('Hello Bcc: eve@example.com x')
})

test("the app's own words are filled in and escaped, also under Supabase's names", () => {
  const templates = {
    confirmation: {
      subject: '{{code}} for {{appName}}',
      html: '<p>{{ .Token }} {{ data.name }} {{ .Data.name }} {{ nothing }} {{ constructor.name }}</p><a href="{{ .ConfirmationURL }}">go</a>',
    },
  }
  const {
    subject,
    html: page,
    text,
  } = words(mail({ variables: { code: '1', link: 'https://a.example/?x=1&y=2', data: { name: '<b>' } } }), { templates })
  expect(subject).toBe('1 for Notes')
  expect(page).toContain('<p>1 &lt;b&gt; &lt;b&gt;  </p><a href="https://a.example/?x=1&amp;y=2">go</a>')
  expect(text).toBe('1 <b> <b>\ngo: https://a.example/?x=1&y=2')
})

test('a template may be a function, one for each language, and a whole page', () => {
  const templates: NonNullable<MessageRules['templates']> = {
    confirmation: {
      languages: {
        en: ({ code }) => ({ subject: 'Hi', html: html`<p>${code} ${EVIL}</p>` }),
        'pt-BR': () => ({
          subject: 'Oi',
          html: html`<!doctype html>
            <p>${EVIL}</p>`,
          text: 'Oi',
        }),
      },
    },
    recovery: () => ({ subject: 'Plain', html: EVIL }),
    phone_confirmation: ({ code, locale }) => `${locale} ${code}`,
  }
  expect(words(mail(), { templates })).toMatchObject({ subject: 'Hi', locale: 'en', text: `314159 ${EVIL}` })
  expect(words(mail(), { templates }).html).not.toContain('<img')
  expect(words(mail({ locale: 'pt-BR' }), { templates })).toMatchObject({ subject: 'Oi', text: 'Oi', locale: 'pt-BR' })
  expect(words(mail({ locale: 'pt-BR' }), { templates }).html).toMatch(/^\s*<!doctype html>\s*<p>\s*&quot;/)
  expect(words(mail({ kind: 'recovery' } as Partial<Message>), { templates }).html).not.toContain('<img')
  expect(words({ channel: 'sms', to: '+1', kind: 'phone_confirmation', locale: 'de', variables: { code: '7' } }, { templates }).text).toBe(
    'en 7',
  )
})

test('a template that throws is told, and the built-in one stands in its place', () => {
  const templates = {
    confirmation: () => {
      throw new RangeError('no picture for Ann, code 314159')
    },
  }
  const { problem, text } = words(mail(), { templates })
  expect(problem).toBe('The template of confirmation threw RangeError: no picture for Ann, code …')
  expect(text).toContain('314159')
})

test('a page in a language that is written from the right says so', () => {
  const templates = { confirmation: { languages: { ar: { subject: 'x', html: '<p>x</p>' } } } }
  expect(words(mail({ locale: 'ar' }), { templates }).html).toContain('lang="ar" dir="rtl"')
})
