import { expect, it } from 'vitest'
import { beginningOf, countRange, searchFor, wordNumber } from './kinds'

it.each([
  ['did', '', undefined],
  ['did', ' 010-8888 0000 ', '+861088880000'],
  ['did', '0888', '0888'],
  ['caller_id', '138 0013 8000', '13800138000'],
  ['extension', '0108888', '0108888'],
  ['trunk', ' China Telecom - 010 ', 'China Telecom - 010'],
  ['trunk', ' ', undefined],
] as const)('looks among %s for what is typed as %j', (kind, text, wanted) => expect(searchFor(kind, text)).toBe(wanted))

it.each([
  ['8000', '8000', 1],
  ['01088880000', '01088880999', 1000],
  ['01088880000', '01088881000', 'many'],
  ['8001', '8000', 'order'],
  ['999', '1000', 'lengths'],
  ['+8610', '18610', 'lengths'],
  ['80a0', '8001', 'digits'],
  ['8', '9', 'digits'],
  ['9007199254740992', '9007199254740993', 2],
] as const)('counts from %s to %s', (first, last, wanted) => expect(countRange(first, last)).toBe(wanted))

it.each([
  ['did', '+861088880000', '010 88880000'],
  ['extension', '8001', '8001'],
  ['trunk', '+861088880000', '+861088880000'],
] as const)('words a %s %j', (kind, number, wanted) => expect(wordNumber(kind, number)).toBe(wanted))

it('finds what a range begins with', () => {
  expect(beginningOf('01088880000', '01088880099')).toBe('010888800')
  expect(beginningOf('8000', '8000')).toBe('8000')
})
