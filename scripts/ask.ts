// Asks on the terminal before something that can't be taken back. Without a terminal the answer is no.
import { createInterface } from 'node:readline/promises'

/** Whether the person typed `yes`. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    console.error(`${question}\nThere is no terminal to answer on; \`-- --yes\` says so beforehand.`)
    return false
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return (await terminal.question(`${question} Type yes: `)).trim().toLowerCase() === 'yes'
  } finally {
    terminal.close()
  }
}
