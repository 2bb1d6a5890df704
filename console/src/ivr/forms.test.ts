import { describe, expect, it } from 'vitest'
import { fieldsOf, KINDS, makeNode, nameNode, orderNodes, renameBranches, type Draft } from './forms'

describe('IVR forms', () => {
  it('gives each new node values of its own', () => {
    const one = makeNode('menu')
    ;(one.keys as Record<string, string>)['1'] = 'end'
    expect(makeNode('menu').keys).toEqual({})
  })

  it('names a new node as no other', () => {
    expect(nameNode('play', ['play_1', 'play_2', 'end'])).toBe('play_3')
  })

  it('asks for a field of a kind once', () => {
    for (const kind of KINDS) {
      const keys = fieldsOf(kind).map((field) => field.key)
      expect(new Set(keys).size).toBe(keys.length)
    }
  })

  it('shows nodes as a caller meets them', () => {
    const nodes: Record<string, Draft> = {
      end: makeNode('hang_up'),
      lost: makeNode('return'),
      menu: { ...makeNode('menu'), keys: { '1': 'end' }, on_timeout: 'top' },
      top: { ...makeNode('play'), next: 'menu' },
    }
    expect(Object.keys(orderNodes(nodes, 'top'))).toEqual(['top', 'menu', 'end', 'lost'])
  })

  it('renames every branch, in keys, exits and cases too', () => {
    const nodes: Record<string, Draft> = {
      top: { ...makeNode('menu'), keys: { '1': 'old', '2': 'other' }, on_timeout: 'old', on_invalid: 'other' },
      who: { ...makeNode('caller_switch'), cases: [{ next: 'old', is_vip: true }], otherwise: 'old' },
      desk: { ...makeNode('queue'), exits: { otherwise: 'old' } },
    }
    renameBranches(nodes, 'old', 'new')
    expect(nodes.top).toMatchObject({ keys: { '1': 'new', '2': 'other' }, on_timeout: 'new', on_invalid: 'other' })
    expect(nodes.who).toMatchObject({ cases: [{ next: 'new', is_vip: true }], otherwise: 'new' })
    expect(nodes.desk!.exits).toEqual({ otherwise: 'new' })
  })
})
