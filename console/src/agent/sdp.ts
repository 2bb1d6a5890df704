// Puts PCMA first in the audio line: the carriers of this market speak it, and no codec is converted on the way.

const PCMA = '8'

export function preferPcma(sdp: string): string {
  return sdp.replace(/^(m=audio \d+ \S+) (.*?)(\r?)$/m, (line, head: string, list: string, end: string) => {
    const types = list.split(' ')
    if (!types.includes(PCMA)) return line
    return `${head} ${[PCMA, ...types.filter((type) => type !== PCMA)].join(' ')}${end}`
  })
}
