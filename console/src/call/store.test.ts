import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, it, vi } from 'vitest'
import type { ApiFailure, Schema } from '@/api/client'
import { toQuery } from './filter'
import { useCalls } from './store'

interface Question {
  query: Record<string, unknown>
  answer(body: unknown, status?: number): void
}
const asked: Question[] = []

vi.mock('@/api/client', async (original) => ({
  ...(await original<typeof import('@/api/client')>()),
  api: {
    GET: (_path: string, { params }: { params: Pick<Question, 'query'> }) =>
      new Promise((resolve) => {
        asked.push({
          query: params.query,
          answer: (body, status = 200) =>
            resolve({ data: body, error: body, response: new Response(null, { status }) }),
        })
      }),
  },
}))

beforeEach(() => {
  asked.length = 0
  setActivePinia(createPinia())
})

const page = (ids: string[], next_cursor: string | null = null): Schema['CallPage'] => ({
  items: ids.map((id) => ({ id }) as Schema['CallRow']),
  next_cursor,
})

it('follows pages, and asks each with the filter', async () => {
  const calls = useCalls()
  calls.filter.direction = 'inbound'
  const first = calls.load()
  asked[0]!.answer(page(['a', 'b'], '1.x'))
  await first
  expect(calls.hasMore).toBe(true)
  const second = calls.loadMore()
  asked[1]!.answer(page(['c']))
  await second
  expect(calls.rows.map((row) => row.id)).toEqual(['a', 'b', 'c'])
  expect(calls.hasMore).toBe(false)
  expect(asked.map(({ query }) => [query['direction'], query['cursor']])).toEqual([
    ['inbound', undefined],
    ['inbound', '1.x'],
  ])
})

it('drops the answer to an older question', async () => {
  const calls = useCalls()
  const [old, now] = [calls.load(), calls.load()]
  asked[1]!.answer(page(['new']))
  await now
  asked[0]!.answer(page(['old']))
  await old
  expect(calls.rows.map((row) => row.id)).toEqual(['new'])
  expect(calls.isLoading).toBe(false)
})

it('keeps the rows and says the failure', async () => {
  const calls = useCalls()
  const first = calls.load()
  asked[0]!.answer(page(['a']))
  await first
  const second = calls.load()
  asked[1]!.answer({ code: 'database_away', message: 'away' }, 503)
  await second
  expect(calls.rows.map((row) => row.id)).toEqual(['a'])
  expect((calls.failure as ApiFailure).code).toBe('database_away')
})

it('sends only what the API takes', () => {
  const day = new Date('2026-11-23T00:00:00Z')
  expect(toQuery({ period: [day, day], direction: '', result: 'busy', number: ' 138 0013-8000 ' })).toEqual({
    limit: 50,
    result: 'busy',
    number: '13800138000',
    from: '2026-11-23T00:00:00.000Z',
    to: '2026-11-23T00:00:00.000Z',
  })
  expect(toQuery({ period: null, direction: '', result: '', number: 'nobody' })).toEqual({ limit: 50 })
})
