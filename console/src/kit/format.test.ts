import { expect, it } from 'vitest'
import { formatAmount, formatBytes, formatLength, formatLength_ms, formatNumber, formatTime_ms } from './format'

it.each([
  [0, '00:00'],
  [65.9, '01:05'],
  [3725, '1:02:05'],
  [-3, '00:00'],
])('length of %d s', (seconds, text) => expect(formatLength(seconds)).toBe(text))

it('keeps milliseconds', () => {
  expect(formatLength_ms(15234)).toBe('00:15.234')
  expect(formatTime_ms('2026-11-23T03:04:05.042Z')).toMatch(/:04:05\.042$/)
})

it.each([
  ['+8613800138000', '138 0013 8000'],
  ['+861088880001', '010 88880001'],
  ['+8675512345678', '0755 12345678'],
  ['+8610086', '10086'],
  ['+85221234567', '+85221234567'],
  ['8002', '8002'],
  ['', ''],
])('number %s', (number, text) => expect(formatNumber(number)).toBe(text))

it.each([
  ['0.10', '¥0.10'],
  ['1234567.5', '¥1,234,567.5'],
  ['-12000', '−¥12,000'],
  ['0.000001', '¥0.000001'],
  ['n/a', 'n/a'],
])('amount %s', (yuan, text) => expect(formatAmount(yuan)).toBe(text))

it('sizes', () => {
  expect([0, 1023, 10_147, 5_242_880].map(formatBytes)).toEqual(['0 B', '1023 B', '9.9 KB', '5.0 MB'])
})
