import { expect, it } from 'vitest'
import { aCall } from './view.fixtures'
import { findWatch, isTalking } from './watch'

const participants = [{ leg: 'a', label: 'agent1', agent_id: 1 }]

it('offers to watch an agent who talks, not one who rings or watches', () => {
  const call = aCall('c', { state: 'talking', participants, agent_ids: [1, 3] })
  expect(isTalking(call, 1)).toBe(true)
  expect(isTalking(call, 3)).toBe(false)
  expect(isTalking(aCall('c', { state: 'offering', agent_id: 1 }), 1)).toBe(false)
  expect(isTalking(undefined, 1)).toBe(false)
})

it("names the supervisor's own mode", () => {
  const call = aCall('c', { watchers: [{ agent_id: 3, name: 's', mode: 'whisper' }] })
  expect(findWatch(call, 3)).toBe('whisper')
  expect(findWatch(call, 4)).toBeNull()
  expect(findWatch(undefined, 3)).toBeNull()
})
