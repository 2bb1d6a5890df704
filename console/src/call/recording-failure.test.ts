import { expect, it } from 'vitest'
import { readFailure } from './recording-failure'

it.each([
  ['disk_full', { reason: 'disk_full', willRetry: false }],
  ['the border captured nothing of this call', { reason: 'nothing_captured', willRetry: false }],
  ['only the first 12 s were captured', { reason: 'cut_short', seconds: '12' }],
  ['not enough memory for this recording; will be tried again', { reason: 'no_memory', willRetry: true }],
  ['the moon is in the way; will be tried again', { reason: 'other', willRetry: true }],
])('reads %s', (text, expected) => {
  expect(readFailure(text)).toMatchObject(expected)
})
