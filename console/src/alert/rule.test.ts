import { expect, test } from 'vitest'
import { findWrong, toBody, type RuleForm } from './rule'

const FORM: RuleForm = { hourly: '20', daily: '', low_balance: ' 5.5 ', suspend_below: '0', calls_per_second: '3', destinations: '+86\n+1, +86\n' }

test('a form becomes limits, where empty is none', () => {
  expect(findWrong(FORM)).toEqual({})
  expect(toBody(FORM)).toEqual({
    hourly: '20',
    daily: null,
    low_balance: '5.5',
    suspend_below: '0',
    calls_per_second: 3,
    destinations: ['+86', '+1'],
  })
})

test.each([
  [{ hourly: '-1' }, 'hourly'],
  [{ daily: '1.1234567' }, 'daily'],
  [{ calls_per_second: '0' }, 'calls_per_second'],
  [{ calls_per_second: '1001' }, 'calls_per_second'],
  [{ destinations: '' }, 'destinations'],
  [{ destinations: '86' }, 'destinations'],
])('%j is wrong', (change, name) => {
  expect(Object.keys(findWrong({ ...FORM, ...change }))).toEqual([name])
})
