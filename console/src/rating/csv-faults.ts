/** What the API says of a CSV file that it refused: by line, or of its rates together. The rest is shown as it came. */
export interface CsvFault {
  line: number | null
  column: string
  reason: string
}
type Say = (key: string, words?: Record<string, unknown>) => string
const FAULT_CODES = ['bad_increments', 'bad_window', 'bad_price', 'unknown_region', 'never_fits', 'overlap', 'gap']
const REASONS: readonly [RegExp, string][] = [
  [/^Input should be ('.*)$/, 'plan.csv.oneOf'],
  [/^Input should be a valid integer/, 'plan.csv.whole'],
  [/^Input should be greater than or equal to (.+)$/, 'plan.csv.atLeast'],
  [/^Input should be less than or equal to (.+)$/, 'plan.csv.atMost'],
  [/^String should have at most (\d+)/, 'plan.csv.longest'],
  [/^Field required$/, 'plan.csv.needed'],
  [/^not an amount: (.*)$/, 'plan.csv.noAmount'],
  [/^an amount has at most six decimals: (.*)$/, 'plan.csv.decimals'],
  [/^not a time of day: (.*)$/, 'plan.csv.noTime'],
  [/^it has not as many fields as the heading$/, 'plan.csv.fields'],
  [/^unknown columns (.*); there are .*$/, 'plan.csv.unknownColumns'],
  [/^the columns (.*) are missing$/, 'plan.csv.missingColumns'],
  [/^no number begins with (.*)$/, 'plan.csv.noSuchPrefix'],
  [/^a version has at most (\d+) rates/i, 'plan.csv.tooMany'],
  [/^the file is neither UTF-8 nor GB 18030$/, 'plan.csv.encoding'],
  [/^and (\d+) more(?: lines)?$/, 'plan.csv.more'],
]

function wordReason(text: string, say: Say): string {
  for (const [form, key] of REASONS) {
    const parts = form.exec(text)
    if (parts !== null) return say(key, { what: parts[1] ?? '' })
  }
  return text
}

export function readCsvFaults(message: string, say: Say): CsvFault[] {
  return message.split(/; (?=line \d+: |[a-z_]+: |and \d+ more)/).map((part) => {
    const ofLine = /^line (\d+): (.*)$/s.exec(part)
    const rest = ofLine?.[2] ?? part
    const named = /^([a-z_]+): (.*)$/s.exec(rest)
    if (ofLine === null && named !== null && FAULT_CODES.includes(named[1]!)) {
      return { line: null, column: '', reason: `${say(`rate.faults.${named[1]}`)} (${named[2]})` }
    }
    const line = ofLine === null ? null : Number(ofLine[1])
    if (named !== null) return { line, column: named[1]!.replace(/_micros$/, ''), reason: wordReason(named[2]!, say) }
    return { line, column: '', reason: wordReason(rest, say) }
  })
}
