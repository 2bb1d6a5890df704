import { describe, expect, it } from 'vitest'
import { isUncertain, makeFormKey } from './form-key'
import { formatMicros, isPositiveYuan, isYuan } from './yuan'

describe('amounts', () => {
  it.each(['0', '100', '0.10', '999999999.999999'])('takes %s', (text) => expect(isYuan(text)).toBe(true))
  it.each(['', '-1', '1.', '.5', '1,000', '1e3', '1000000000', '0.1234567', '１'])('refuses "%s"', (text) =>
    expect(isYuan(text)).toBe(false),
  )
  it('does not move nothing', () => {
    expect(isPositiveYuan('0.00')).toBe(false)
    expect(isPositiveYuan('0.000001')).toBe(true)
  })
  it.each([
    [0, '0.00'],
    [100_000, '0.10'],
    [1, '0.000001'],
    [-1_234_500, '-1.2345'],
    [100_000_000, '100.00'],
  ])('%d micros are %s', (micros, text) => expect(formatMicros(micros)).toBe(text))
})

describe('a form', () => {
  it('has a key of its own at each opening', () => {
    expect(makeFormKey()).toMatch(/^[0-9a-f]{32}$/)
    expect(makeFormKey()).not.toBe(makeFormKey())
  })
  it('does not know what happened without an answer', () => {
    expect([0, 500, 503].every(isUncertain)).toBe(true)
    expect([400, 404, 409, 422].some(isUncertain)).toBe(false)
  })
})
