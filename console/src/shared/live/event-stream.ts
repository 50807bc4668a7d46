// One connection to an event stream that mends itself: it resumes after the last event seen, waits longer after each failure,
// and notices a connection that has gone quiet. Read by fetch and not by EventSource, because that one tells neither the
// status (signed out, permission gone) nor takes a Last-Event-ID when a tab goes on where another one stopped.
import { SseParser, type SseEvent } from './sse-parser';

export type StreamState = 'connecting' | 'open' | 'waiting' | 'refused';

export interface StreamOptions {
  url: string;
  lastEventId?: string;
  onState: (state: StreamState, status?: number) => void;
  onEvents: (events: SseEvent[]) => void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const QUIET_MS = 45_000;

export class EventStream {
  private abort = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private quiet: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private closed = false;
  private lastEventId: string;

  constructor(private readonly options: StreamOptions) {
    this.lastEventId = options.lastEventId ?? '';
    window.addEventListener('online', this.retryNow);
    window.addEventListener('offline', this.cut);
    void this.connect();
  }

  close(): void {
    this.closed = true;
    window.removeEventListener('online', this.retryNow);
    window.removeEventListener('offline', this.cut);
    clearTimeout(this.timer);
    clearTimeout(this.quiet);
    this.abort.abort();
  }

  private readonly retryNow = () => {
    if (this.closed || this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    void this.connect();
  };

  // The network says that it is gone: better known now than when the silence has lasted long enough.
  private readonly cut = () => this.abort.abort();

  private async connect(): Promise<void> {
    this.abort = new AbortController();
    this.options.onState('connecting');
    try {
      const response = await fetch(this.options.url, {
        headers: {
          Accept: 'text/event-stream',
          ...(this.lastEventId ? { 'Last-Event-ID': this.lastEventId } : {}),
        },
        cache: 'no-store',
        signal: this.abort.signal,
      });
      if (response.status >= 400 && response.status < 500 && response.status !== 429) {
        this.closed = true;
        this.options.onState('refused', response.status);
        return;
      }
      if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
      await this.read(response.body);
    } catch {
      // Falls through: whatever it was, the way out is to connect again.
    }
    clearTimeout(this.quiet);
    if (!this.closed) this.waitAndRetry();
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const parser = new SseParser();
    const decoder = new TextDecoder();
    const reader = body.getReader();
    this.options.onState('open');
    for (;;) {
      this.watchForQuiet();
      const { done, value } = await reader.read();
      if (done || this.closed) return;
      this.failures = 0;
      const events = parser.feed(decoder.decode(value, { stream: true }));
      const last = events.at(-1);
      if (last?.id) this.lastEventId = last.id;
      if (events.length > 0) this.options.onEvents(events);
    }
  }

  // The server sends a comment every few seconds; silence means that the connection is dead, whatever the socket says.
  private watchForQuiet(): void {
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => this.abort.abort(), QUIET_MS);
  }

  private waitAndRetry(): void {
    this.options.onState('waiting');
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures);
    this.failures += 1;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        void this.connect();
      },
      wait * (0.75 + Math.random() / 2),
    );
  }
}
