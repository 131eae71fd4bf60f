// Lines that people write for people: names of factors and the like.
import { AppError } from '../core'
import { authErrors } from './errors'

/** The line, trimmed. Errors: `validation_failed` when it is too long or has what can't be kept or shown. */
export function shortLine(name: string, text: string, most: number): string {
  const line = text.trim()
  if ([...line].length > most) throw new AppError(authErrors.validation_failed, { message: `${name} is longer than ${most} characters` })
  if (!line.isWellFormed() || /\p{Cc}/u.test(line)) {
    throw new AppError(authErrors.validation_failed, { message: `${name} has control characters or half of a surrogate pair` })
  }
  return line
}
