// What a hook threw, for the log: what it was given about a person doesn't belong there. Pure.

const MAX_LENGTH = 300
/** Shorter ones stand in any text by chance. */
const MIN_LENGTH = 4
/** Lines of the stack that say where it was. */
const MAX_FRAMES = 8

/** All texts in it, at any depth. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

/** An error that says the same, every text of `input` in it left out. */
export function withoutInput(error: unknown, input: unknown): Error {
  if (!(error instanceof Error)) return new Error('It threw something that is no error.')
  const texts = textsOf(input).filter((text) => text.length >= MIN_LENGTH)
  texts.sort((a, b) => b.length - a.length)
  const message = texts.reduce((left, text) => left.replaceAll(text, '…'), error.message).replaceAll(/\s+/g, ' ')
  const described = new Error(`${error.name}: ${message.slice(0, MAX_LENGTH)}`)
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  described.stack = [described.message, ...frames.slice(0, MAX_FRAMES)].join('\n')
  return described
}
