import { describe, expect, it } from 'vitest'
import { formatClock, formatPercent, makeRate, readClock, readMinimum, readPercent, readPrice, wordDays, wordMatch, wordMoment, wordWindow } from './rate'

const say = (key: string, words?: Record<string, unknown>): string => (words ? `${key}${JSON.stringify(words)}` : key)

describe('prices', () => {
  it.each([
    ['0.1', 100_000],
    ['0.000001', 1],
    ['0.29', 290_000],
    ['10000', 10_000_000_000],
    [' 1.10 ', 1_100_000],
  ])('%s is %d micros', (text, micros) => expect(readPrice(text)).toBe(micros))
  it.each(['', '-1', '1e2', '.1', '1.', '0.0000001', '10000.000001', '1,0'])('refuses "%s"', (text) => expect(readPrice(text)).toBeNull())
  it('takes a minimum spend up to what the plan takes', () => {
    expect(readMinimum('1000000000')).toBe(10 ** 15)
    expect(readMinimum('1000000000.000001')).toBeNull()
    expect(readMinimum('999999999.999999')).toBe(999_999_999_999_999)
  })
})

describe('commission', () => {
  it.each([
    ['0', 0],
    ['5.25', 52_500],
    ['0.0001', 1],
    ['100', 1_000_000],
  ])('%s per cent is %d millionths, and back', (text, ppm) => {
    expect(readPercent(text)).toBe(ppm)
    expect(formatPercent(ppm)).toBe(text)
  })
  it.each(['100.0001', '-1', '1.00001', 'a', ''])('refuses "%s"', (text) => expect(readPercent(text)).toBeNull())
})

describe('windows', () => {
  it.each([
    ['00:00', 0],
    ['8:30', 510],
    ['24:00', 1440],
  ])('%s is minute %d', (text, minute) => expect(readClock(text)).toBe(minute))
  it.each(['24:01', '8', '08:60', '', '1440'])('refuses "%s"', (text) => expect(readClock(text)).toBeNull())
  it('says them', () => {
    expect(formatClock(510)).toBe('08:30')
    expect(wordWindow(makeRate(), say)).toBe('rate.always')
    expect(wordDays([5, 3, 4, 1, 2], say)).toContain('rate.daysTo')
    expect(wordDays([1, 3], say)).toBe('rate.days.1rate.commarate.days.3')
    expect(wordWindow({ ...makeRate(), from_minute: 480, to_minute: 60 }, say)).toBe('rate.everyDay 08:00–01:00')
    expect(wordMoment(7 * 1440, say)).toBe('rate.days.1 00:00')
    expect(wordMoment(6 * 1440 + 61, say)).toBe('rate.days.7 01:01')
  })
})

it('says what a rate is for', () => {
  expect(wordMatch(makeRate(), say)).toBe('rate.forAll')
  const rate = { ...makeRate(), prefix: '+86755', area: 'local' as const, callee_region: '广东/深圳' }
  expect(wordMatch(rate, say)).toContain('+86755')
  expect(wordMatch(rate, say)).toContain('rate.anywhere')
})
