import { expect, it } from 'vitest'
import { beginOf, chinaDay, monthOf, nextDay } from './china'

it('begins days eight hours before UTC does', () => {
  expect(chinaDay(Date.parse('2026-11-22T15:59:59Z'))).toBe('2026-11-22')
  expect(chinaDay(Date.parse('2026-11-22T16:00:00Z'))).toBe('2026-11-23')
  expect(Date.parse(beginOf('2026-11-23'))).toBe(Date.parse('2026-11-22T16:00:00Z'))
})

it('knows what comes after and what month it is', () => {
  expect(nextDay('2026-12-31')).toBe('2027-01-01')
  expect(nextDay('2028-02-28')).toBe('2028-02-29')
  expect(monthOf('2026-11-23')).toEqual(['2026-11-01', '2026-11-30'])
  expect(monthOf('2026-01-31', -1)).toEqual(['2025-12-01', '2025-12-31'])
})
