/** The ring of Chinese exchanges: 450 Hz, one second on, four off. Silent where the browser forbids sound. */

const HZ = 450
const LENGTH_S = 1
const EVERY_MS = 5000
const GAIN = 0.12

export class RingTone {
  private context: AudioContext | null = null
  private repeat: number | undefined

  start(): void {
    if (this.repeat !== undefined) return
    this.ring()
    this.repeat = window.setInterval(() => this.ring(), EVERY_MS)
  }

  stop(): void {
    window.clearInterval(this.repeat)
    this.repeat = undefined
    void this.context?.close()
    this.context = null
  }

  private ring(): void {
    this.context ??= new AudioContext()
    const [tone, volume] = [this.context.createOscillator(), this.context.createGain()]
    const start = this.context.currentTime
    tone.frequency.value = HZ
    volume.gain.setValueAtTime(0, start)
    volume.gain.linearRampToValueAtTime(GAIN, start + 0.03)
    volume.gain.setValueAtTime(GAIN, start + LENGTH_S - 0.05)
    volume.gain.linearRampToValueAtTime(0, start + LENGTH_S)
    tone.connect(volume).connect(this.context.destination)
    tone.start(start)
    tone.stop(start + LENGTH_S)
  }
}
