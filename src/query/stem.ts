// A word as FTS5's tokenizers keep it (fts5.html §4.3): without case and accents, and in English its stem by Porter's algorithm.
import { utf8 } from '../core'
import type { SearchLanguage } from '../define'

/** The term under which the index of the language holds the word. */
export function termOf(word: string, language: SearchLanguage): string {
  const folded = [...word].map(foldCharacter).join('')
  return language === 'english' ? stem(folded) : folded
}

/** An accent on a Latin letter doesn't count; on others it makes another letter, unless it stands by itself. */
function foldCharacter(character: string): string {
  if (/^[\u0300-\u0331]$/.test(character)) return ''
  const folded = foldCase(character)
  const [base, ...marks] = [...folded.normalize('NFD')]
  return marks.length > 0 && /^[a-z]$/.test(base!) ? base! : folded
}

/** By way of the capital, so that a letter's variants are one. */
function foldCase(character: string): string {
  const capital = character === 'ı' ? character : character.toUpperCase()
  return [...capital].length === 1 ? capital.toLowerCase() : character.toLowerCase()
}

/** Porter, "An algorithm for suffix stripping" (1980), with the bounds of FTS5: longer than two bytes, shorter than 64. */
function stem(word: string): string {
  // A letter for each byte, for FTS5 takes every byte beyond ASCII for a consonant.
  const bytes = String.fromCharCode(...utf8(word).slice(0, 64))
  if (bytes.length <= 2 || bytes.length >= 64) return word
  let text = plural(bytes)
  const cut = past(text)
  text = cut === null ? replaceEnd(text, [['eed', 'ee']], 0) : completed(cut)
  if (text.endsWith('y') && hasVowel(text.slice(0, -1))) text = `${text.slice(0, -1)}i`
  text = replaceEnd(text, STEP_2, 0)
  text = replaceEnd(text, STEP_3, 0)
  text = replaceEnd(text, STEP_4, 1)
  return new TextDecoder().decode(Uint8Array.from(withoutEnd(text), (letter) => letter.charCodeAt(0)))
}

function plural(word: string): string {
  if (!word.endsWith('s')) return word
  if ((word.endsWith('sses') && word.length > 4) || (word.endsWith('ies') && word.length > 3)) return word.slice(0, -2)
  return word.endsWith('ss') ? word : word.slice(0, -1)
}

/** Without `ed` or `ing`; null when neither goes. */
function past(word: string): string | null {
  if (word.endsWith('eed') && word.length > 3) return null
  for (const end of ['ed', 'ing']) {
    const rest = word.slice(0, -end.length)
    if (word.endsWith(end) && hasVowel(rest)) return rest
  }
  return null
}

function completed(word: string): string {
  if (/(?:at|bl|iz)$/.test(word) && word.length > 2) return `${word}e`
  if (/([^aeiou])\1$/.test(word) && !/[lsz]$/.test(word)) return word.slice(0, -1)
  return measure(word) === 1 && endsShort(word) ? `${word}e` : word
}

function withoutEnd(word: string): string {
  let text = word
  if (text.endsWith('e')) {
    const rest = text.slice(0, -1)
    if (measure(rest) > 1 || (measure(rest) === 1 && !endsShort(rest))) text = rest
  }
  return text.endsWith('ll') && measure(text.slice(0, -1)) > 1 ? text.slice(0, -1) : text
}

type Ends = readonly (readonly [end: string, instead: string])[]

/** The longest of the ends, exchanged where what is before it has more than `least` syllables. */
function replaceEnd(word: string, ends: Ends, least: number): string {
  const [end, instead] = ends.find(([one]) => word.length > one.length && word.endsWith(one)) ?? ['', '']
  // After s and t alone.
  if (end === 'ion' && !/[st]ion$/.test(word)) return word
  const rest = word.slice(0, word.length - end.length)
  return end !== '' && measure(rest) > least ? `${rest}${instead}` : word
}

const byLength = (ends: Ends): Ends => ends.toSorted(([a], [b]) => b.length - a.length)

const STEP_2 = byLength([
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['logi', 'log'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
])
const STEP_3 = byLength([
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
])
const STEP_4 = byLength([
  ...['al', 'ance', 'ence', 'er', 'ic', 'able', 'ible', 'ant', 'ement', 'ment', 'ent', 'ou', 'ism', 'ate', 'iti', 'ous', 'ive', 'ize'].map(
    (end) => [end, ''] as const,
  ),
  ['ion', ''],
])

/** Which letters are consonants; `y` is one unless a consonant stands before it. */
function consonants(word: string): boolean[] {
  const found: boolean[] = []
  for (const letter of word) found.push(!/[aeiou]/.test(letter) && !(letter === 'y' && found.at(-1) === true))
  return found
}

/** How many times vowels are followed by consonants. */
function measure(word: string): number {
  const kinds = consonants(word)
  return kinds.filter((consonant, i) => consonant && kinds[i - 1] === false).length
}

const hasVowel = (word: string): boolean => /[aeiou]|.y/s.test(word)

/** A consonant, a vowel and a consonant that isn't w, x or y. */
function endsShort(word: string): boolean {
  const [first, second, third] = consonants(word).slice(-3)
  return first === true && second === false && third === true && !/[wxy]$/.test(word)
}
