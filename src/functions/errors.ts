// What calling a function can be refused for. What its own code throws is in none of these texts.
import { defineErrors } from '../core'

export const functionErrors = defineErrors({
  function_denied: { status: 403, title: 'permission denied for function', retry: false, postgrest: '42501' },
  function_bad_argument: { status: 400, title: 'An argument is not of its type.', retry: false, postgrest: '22P02' },
  function_read_only: { status: 405, title: 'cannot write in a read-only transaction', retry: false, postgrest: '25006' },
  function_failed: { status: 500, title: 'The function failed. The request id tells us why.', retry: false, postgrest: 'XX000' },
  function_result_too_large: { status: 500, title: 'The function gives more than an answer can hold.', retry: false, postgrest: '54000' },
  function_too_many_calls: { status: 500, title: 'The function asks the database too often.', retry: false, postgrest: '54000' },
})
