import { expect, it } from 'vitest'
import { prepareUpload, readFaults } from './faults'

const say = (key: string, words?: Record<string, unknown>): string => `${key}${words === undefined ? '' : JSON.stringify(words)}`
const sayFault = (reason: string, words: Record<string, unknown> = { count: '' }): string => say(`resource.faults.${reason}`, words)

it.each([
  ['8000\n8001\n', false, 'number\n8000\n8001\n', 1],
  ['\ufeff\r\n+861088880000\r\n', false, 'number\n\r\n+861088880000\r\n', 1],
  ['number\n8000\n', false, 'number\n8000\n', 0],
  ['number\n8000\n', true, 'number\n8000\n', 0],
  ['phone,name\n8000,x\n', false, 'phone,name\n8000,x\n', 0],
  ['abc\n', true, 'number\nabc\n', 1],
] as const)('makes %j ready', async (text, isTyped, sent, added) => {
  const upload = await prepareUpload(new Blob([text]), isTyped)
  expect([await upload.body.text(), upload.added]).toEqual([sent, added])
})

it('says each bad line by the number that the user sees', () => {
  expect(readFaults('line 2: abc: no such number; line 4: 8000: also in line 3; line 5: : an extension has 2 to 16 digits; and 7 more', 1, say)).toEqual([
    { line: 1, number: 'abc', reason: sayFault('noNumber') },
    { line: 3, number: '8000', reason: sayFault('also', { line: 2 }) },
    { line: 4, number: '', reason: sayFault('noExtension') },
    { line: null, number: '', reason: sayFault('more', { count: '7' }) },
  ])
})

it('says which numbers there are already', () => {
  expect(readFaults('There are already: 8000; 8001; and 3 more', 0, say)).toEqual([
    { line: null, number: '8000', reason: 'resource.faults.taken' },
    { line: null, number: '8001', reason: 'resource.faults.taken' },
    { line: null, number: '', reason: sayFault('more', { count: '3' }) },
  ])
})

it('shows as it came what it does not know', () => {
  expect(readFaults('numbers: 99: no such number', 0, say)).toEqual([{ line: null, number: '99', reason: sayFault('noNumber') }])
  expect(readFaults('something else', 0, say)).toEqual([{ line: null, number: '', reason: 'something else' }])
})
