// The text of server-sent events, cut into events. No I/O: feed() takes what has come, in pieces of any size.
export interface SseEvent {
  id: string;
  event: string;
  data: string;
}

export class SseParser {
  private rest = '';
  private data: string[] = [];
  private event = '';
  private id = '';

  feed(text: string): SseEvent[] {
    const found: SseEvent[] = [];
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') this.dispatch(found);
      else this.field(line);
    }
    return found;
  }

  private dispatch(found: SseEvent[]): void {
    if (this.data.length > 0)
      found.push({ id: this.id, event: this.event || 'message', data: this.data.join('\n') });
    this.data = [];
    this.event = '';
  }

  private field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return; // a comment: keeps the connection alive
    const name = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (name === 'data') this.data.push(value);
    else if (name === 'event') this.event = value;
    else if (name === 'id') this.id = value;
  }
}
