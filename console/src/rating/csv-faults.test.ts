import { expect, it } from 'vitest'
import { readCsvFaults } from './csv-faults'

const say = (key: string, words?: Record<string, unknown>): string => (words ? `${key} ${words.what}` : key)

it('takes the lines apart', () => {
  const message = "line 3: service: Input should be 'outbound', 'inbound' or 'verification'; line 5: not an amount: 'x'; and 2 more lines"
  expect(readCsvFaults(message, say)).toEqual([
    { line: 3, column: 'service', reason: "plan.csv.oneOf 'outbound', 'inbound' or 'verification'" },
    { line: 5, column: '', reason: "plan.csv.noAmount 'x'" },
    { line: null, column: '', reason: 'plan.csv.more 2' },
  ])
})

it('says what is wrong with the rates together', () => {
  const message = 'gap: outbound +86 local: no price from Mon 00:00 to Mon 08:00; overlap: a and b are for the same calls'
  const found = readCsvFaults(message, say)
  expect(found.map((one) => one.line)).toEqual([null, null])
  expect(found[0]!.reason).toContain('rate.faults.gap (outbound +86 local')
  expect(found[1]!.reason).toContain('rate.faults.overlap')
})

it('keeps columns as the file has them, and what it does not know as it came', () => {
  const [heading] = readCsvFaults('line 1: unknown columns prise; there are service, kind', say)
  expect(heading).toEqual({ line: 1, column: '', reason: 'plan.csv.unknownColumns prise' })
  expect(readCsvFaults('line 9: connect_micros: Odd', say)).toEqual([{ line: 9, column: 'connect', reason: 'Odd' }])
})
