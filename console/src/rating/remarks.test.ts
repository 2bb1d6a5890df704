import { expect, it } from 'vitest'
import { makeRate } from './rate'
import { groupRemarks, wordFault, wordWarning } from './remarks'

const say = (key: string, words?: Record<string, unknown>): string => (words ? `${key}${JSON.stringify(words)}` : key)
const gap = { code: 'gap' as const, rate_positions: [0], message: '', area: 'local' as const }

it('says when a gap is, and for what', () => {
  const rates = [{ ...makeRate(), prefix: '+86755' }]
  const part = wordFault({ ...gap, from_minute: 0, to_minute: 480 }, rates, say).text
  expect(part).toContain('rate.gapTime')
  expect(part).toContain('+86755')
  expect(part).toContain('rate.days.1 08:00')
  expect(wordFault({ ...gap, from_minute: 0, to_minute: 10080 }, rates, say).text).toContain('rate.gapAlways')
})

it('says a loss in yuan', () => {
  const found = { code: 'negative_margin' as const, message: '', rate_position: 3, duration_s: 61, sells_micros: 100_000, pays_micros: 1_234_567 }
  const remark = wordWarning(found, say)
  expect(remark.text).toContain('"sells":"¥0.10","pays":"¥1.234567"')
  expect(remark.positions).toEqual([3])
})

it('says what is wrong beside the rates that it is about', () => {
  const remarks = [
    { tone: 'bad' as const, text: 'overlap', positions: [1, 2] },
    { tone: 'bad' as const, text: 'gap', positions: [0, 1, 2], isCommon: true },
    { tone: 'warn' as const, text: 'none', positions: [] },
  ]
  const found = groupRemarks(remarks)
  expect([...found.keys()]).toEqual([1, 2])
})
