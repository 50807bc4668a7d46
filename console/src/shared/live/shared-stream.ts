// One connection for all tabs that watch a realm: browsers allow six connections to a server over HTTP/1.1, and a stream holds
// one of them for good. The tab that holds the Web Lock reads the stream and passes it on; when it goes, the next one resumes
// after the last event that it was passed. Where Web Locks are missing (an insecure origin), each tab reads for itself.
import { EventStream, type StreamState } from './event-stream';
import type { SseEvent } from './sse-parser';

export interface StreamListener {
  onState: (state: StreamState, status?: number) => void;
  onEvents: (events: SseEvent[]) => void;
}

type Message =
  | { kind: 'state'; state: StreamState; status?: number }
  | { kind: 'events'; events: SseEvent[] }
  | { kind: 'hello' };

class SharedStream {
  private readonly listeners = new Set<StreamListener>();
  private readonly channel: BroadcastChannel | undefined;
  private readonly giveUpLock = new AbortController();
  private stream: EventStream | undefined;
  private release: (() => void) | undefined;
  private state: StreamState = 'connecting';
  private status: number | undefined;
  private lastEventId = '';

  constructor(
    private readonly url: string,
    name: string,
  ) {
    const shared = 'locks' in navigator && typeof BroadcastChannel !== 'undefined';
    if (!shared) {
      this.lead();
      return;
    }
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = (message: MessageEvent<Message>) => this.hear(message.data);
    this.channel.postMessage({ kind: 'hello' } satisfies Message);
    navigator.locks
      .request(name, { signal: this.giveUpLock.signal }, () => {
        this.lead();
        return new Promise<void>((resolve) => (this.release = resolve));
      })
      .catch(() => undefined);
  }

  add(listener: StreamListener): void {
    this.listeners.add(listener);
    listener.onState(this.state, this.status);
  }

  // True when nobody is left and it has closed.
  remove(listener: StreamListener): boolean {
    this.listeners.delete(listener);
    if (this.listeners.size > 0) return false;
    this.stream?.close();
    this.giveUpLock.abort();
    this.release?.();
    this.channel?.close();
    return true;
  }

  private lead(): void {
    this.stream = new EventStream({
      url: this.url,
      lastEventId: this.lastEventId,
      onState: (state, status) => {
        this.setState(state, status);
        this.channel?.postMessage({ kind: 'state', state, status } satisfies Message);
      },
      onEvents: (events) => {
        this.take(events);
        this.channel?.postMessage({ kind: 'events', events } satisfies Message);
      },
    });
  }

  private hear(message: Message): void {
    if (message.kind === 'hello') {
      if (this.stream)
        this.channel?.postMessage({
          kind: 'state',
          state: this.state,
          status: this.status,
        } satisfies Message);
      return;
    }
    if (this.stream) return;
    if (message.kind === 'state') this.setState(message.state, message.status);
    else this.take(message.events);
  }

  private setState(state: StreamState, status?: number): void {
    this.state = state;
    this.status = status;
    this.listeners.forEach((listener) => listener.onState(state, status));
  }

  private take(events: SseEvent[]): void {
    const last = events.at(-1);
    if (last?.id) this.lastEventId = last.id;
    this.listeners.forEach((listener) => listener.onEvents(events));
  }
}

const open = new Map<string, SharedStream>();

// Watches; the answer stops it. `who` keeps the streams of two operators of one browser apart.
export function watchEvents(realm: string, who: string, listener: StreamListener): () => void {
  const key = `curfew.events/${who}/${realm}`;
  let stream = open.get(key);
  if (!stream) {
    stream = new SharedStream(`/api/v1/realms/${encodeURIComponent(realm)}/events`, key);
    open.set(key, stream);
  }
  const found = stream;
  found.add(listener);
  return () => {
    if (found.remove(listener) && open.get(key) === found) open.delete(key);
  };
}
