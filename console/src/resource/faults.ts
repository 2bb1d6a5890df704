/** Numbers from a file: made ready to be sent, and what the API says of the bad lines. The rest is shown as it came. */
export interface Fault {
  line: number | null
  number: string
  reason: string
}
type Say = (key: string, words?: Record<string, unknown>) => string

export interface Upload {
  body: Blob
  /** Lines that were put before the user's own. */
  added: 0 | 1
}

const HEADING = 'number'
const REASONS: readonly [RegExp, string][] = [
  [/^an extension has 2 to 16 digits$/, 'noExtension'],
  [/^no such number$/, 'noNumber'],
  [/^more fields than the heading$/, 'fields'],
  [/^the one column is `number`$/, 'heading'],
  [/^a file has at most (\d+) numbers$/, 'tooMany'],
  [/^the file has no numbers$/, 'none'],
  [/^the file is neither UTF-8 nor GB 18030$/, 'encoding'],
  [/^and (\d+) more$/, 'more'],
  [/^one is named twice$/, 'twice'],
]

/** The API wants the heading `number`; a list of nothing but numbers gets it here. A file with another heading is sent as it is. */
export async function prepareUpload(blob: Blob, isTyped: boolean): Promise<Upload> {
  const start = new Uint8Array(await blob.slice(0, 3).arrayBuffer())
  const content = start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf ? blob.slice(3) : blob
  const lines = (await content.slice(0, 4096).text()).split(/\r\n|\r|\n/).map((line) => line.trim())
  const first = lines.find((line) => line !== '') ?? ''
  const isBare = isTyped ? first !== HEADING : /^\+?\d[\d ()-]*$/.test(first)
  return isBare ? { body: new Blob([`${HEADING}\n`, content]), added: 1 } : { body: content, added: 0 }
}

function wordReason(text: string, added: number, say: Say): string {
  const twice = /^also in line (\d+)$/.exec(text)
  if (twice !== null) return say('resource.faults.also', { line: Number(twice[1]) - added })
  for (const [form, key] of REASONS) {
    const parts = form.exec(text)
    if (parts !== null) return say(`resource.faults.${key}`, { count: parts[1] ?? '' })
  }
  return text
}

/** What the API's `bad_lines`, `already_exists` or `invalid_input` says, one by one. */
export function readFaults(message: string, added: number, say: Say): Fault[] {
  const taken = /^There are already: (.*)$/s.exec(message)
  if (taken !== null) {
    return taken[1]!.split('; ').map((part) => {
      const more = /^and (\d+) more$/.exec(part)
      if (more !== null) return { line: null, number: '', reason: say('resource.faults.more', { count: more[1] }) }
      return { line: null, number: part, reason: say('resource.faults.taken') }
    })
  }
  return message.split(/; (?=line \d+: |and \d+ more$)/).map((part) => {
    const ofLine = /^line (\d+): (.*)$/s.exec(part)
    const rest = (ofLine?.[2] ?? part).replace(/^numbers: /, '')
    const line = ofLine === null ? null : Number(ofLine[1]) - added
    const named = /^(.*?): (.*)$/s.exec(rest)
    return { line, number: named?.[1] ?? '', reason: wordReason(named?.[2] ?? rest, added, say) }
  })
}
