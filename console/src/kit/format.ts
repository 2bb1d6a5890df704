/** Times, lengths and sizes as people read them. */

const pad = (value: number, width = 2): string => String(value).padStart(width, '0')

/** 3725 -> "1:02:05", 65 -> "01:05". Negative lengths count as none: clocks differ a little. */
export function formatLength(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${pad(minutes)}:${pad(whole % 60)}`
}

/** 15234 -> "00:15.234". */
export function formatLength_ms(milliseconds: number): string {
  return `${formatLength(milliseconds / 1000)}.${pad(Math.floor(milliseconds) % 1000, 3)}`
}

export function formatDay(text: string): string {
  const at = new Date(text)
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`
}

/** Without the year while it is this one. */
export function formatShortDay(text: string): string {
  const day = formatDay(text)
  return day.startsWith(`${new Date().getFullYear()}-`) ? day.slice(5) : day
}

export function formatTime(text: string): string {
  const at = new Date(text)
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`
}

/** "14:03:07.042", in the browser's time zone. */
export function formatTime_ms(text: string): string {
  return `${formatTime(text)}.${pad(new Date(text).getMilliseconds(), 3)}`
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

/** +8613800138000 -> "138 0013 8000"; what is no Chinese number stays as it is. */
export function formatNumber(number: string): string {
  const national = /^\+86(\d+)$/.exec(number)?.[1]
  if (national === undefined) return number
  if (/^1\d{10}$/.test(national)) return `${national.slice(0, 3)} ${national.slice(3, 7)} ${national.slice(7)}`
  const area = /^(10|2\d|[3-9]\d{2})(\d{7,8})$/.exec(national)
  return area ? `0${area[1]} ${area[2]}` : national
}

/** "1234.50" -> "¥1,234.50"; keeps the server's digits, whatever their number. */
export function formatAmount(yuan: string): string {
  const parts = /^(-?)(\d+)(\.\d+)?$/.exec(yuan)
  if (!parts) return yuan
  return `${parts[1] ? '−' : ''}¥${parts[2]!.replace(/\B(?=(\d{3})+$)/g, ',')}${parts[3] ?? ''}`
}
