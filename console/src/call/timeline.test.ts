import { expect, it } from 'vitest'
import type { Schema } from '@/api/client'
import { layOut } from './timeline'

const at = (seconds: number): string => new Date(1_800_000_000_000 + seconds * 1000).toISOString()
const CALL = { started_at: at(0), ended_at: at(20) }

function aLeg(fields: Partial<Schema['LegView']>): Schema['LegView'] {
  return {
    id: 'l',
    kind: 'phone',
    party: 'agent',
    address: '8002',
    number: null,
    agent_id: 2,
    agent_name: 'agent2',
    started_at: at(0),
    ringing_at: null,
    answered_at: null,
    ended_at: at(20),
    cause: 16,
    ...fields,
  }
}

it('follows set-up, ringing and talk to the end', () => {
  const leg = aLeg({ started_at: at(2), ringing_at: at(4), answered_at: at(10) })
  expect(layOut(CALL, leg)).toEqual([
    { phase: 'setup', from: 10, width: 10 },
    { phase: 'ringing', from: 20, width: 30 },
    { phase: 'talking', from: 50, width: 50 },
  ])
})

it('leaves out what never happened', () => {
  expect(layOut(CALL, aLeg({ answered_at: at(5) })).map((stretch) => stretch.phase)).toEqual(['setup', 'talking'])
})

it('stays on the axis when times lie outside of the call, or the call has no length', () => {
  expect(layOut(CALL, aLeg({ ended_at: at(30) }))).toEqual([{ phase: 'setup', from: 0, width: 100 }])
  expect(layOut({ started_at: at(0), ended_at: at(0) }, aLeg({}))).toEqual([{ phase: 'setup', from: 0, width: 0 }])
})
