import { expect, it } from 'vitest'
import { wordReason } from './reason'

const say = (key: string, words?: Record<string, unknown>): string => (words ? `${key} ${JSON.stringify(words)}` : key)

it('says what the system wrote in the words of the user', () => {
  expect(wordReason('rent', 'did, month, 2026-11-01 - 2026-11-30', say)).toBe('rent.cycles.month · rent.bases.did · 2026-11-01 – 2026-11-30')
  expect(wordReason('rent', 'fixed, day, 2026-11-24 - 2026-11-24', say)).toBe('rent.cycles.day · rent.bases.fixed · 2026-11-24')
  expect(wordReason('minimum', '14000000 - 10800000', say)).toBe('ledger.reasons.minimum {"minimum":"¥14.00","spent":"¥10.80"}')
  expect(wordReason('free_rebate', '600 s', say)).toBe('ledger.reasons.free {"seconds":"600"}')
  expect(wordReason('commission', '52500 ppm of 123456789', say)).toBe('ledger.reasons.commission {"percent":"5.25","spent":"¥123.456789"}')
  expect(wordReason('commission', '100000 ppm of 10', say)).toContain('"percent":"10"')
})

it('leaves the rest as it is', () => {
  expect(wordReason('top_up', 'fixed, day, 1 - 2', say)).toBe('fixed, day, 1 - 2')
  expect(wordReason('rent', 'something else', say)).toBe('something else')
  expect(wordReason('call', null, say)).toBe('')
})
