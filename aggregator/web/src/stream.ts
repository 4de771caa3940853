// stream.ts - the events stream, read by hand so that its heartbeats are seen: an EventSource hides comments, and a line that is
// dead without being closed would look live. One reader serves every tab (stream_worker.ts); where there is no SharedWorker a page
// reads for itself.
//
// An event says what changed; pages ask again. Its id ends in the number of the change: the same number twice is dropped, a number
// left out is a gap and means "ask for everything". After a break the last id is sent, and the server goes on from there.
export interface Change {
  office: string;
  region: string;
  year: number;
}
export interface StreamState {
  up: boolean;
  heard: number;
  position: string;
  number: number;
  events: number;
  changes: number;
  resyncs: number;
  connects: number;
  duplicates: number;
  gaps: number;
  tabs: number;
  denied: boolean; // the centre asks who one is
}
export type Message = { kind: 'state'; state: StreamState } | { kind: 'changed'; list: Change[] } | { kind: 'resync' };

const SILENT_MS = 40_000; // two heartbeats and some: the line is dead
const WAIT_MIN_MS = 200,
  WAIT_MAX_MS = 4_000;

export function openStream(url: string, emit: (m: Message) => void): StreamState {
  const s: StreamState = {
    up: false,
    heard: 0,
    position: '',
    number: -1,
    events: 0,
    changes: 0,
    resyncs: 0,
    connects: 0,
    duplicates: 0,
    gaps: 0,
    tabs: 1,
    denied: false,
  };
  let id = '',
    wait = WAIT_MIN_MS;
  const tell = () => emit({ kind: 'state', state: { ...s } });

  function event(name: string, eventId: string, data: string): void {
    const body = JSON.parse(data) as { changed?: Change[]; position?: string; sequence?: number };
    const n = body.sequence ?? Number(/c:(\d+)$/.exec(eventId)?.[1] ?? NaN);
    s.events++;
    s.position = body.position ?? s.position;
    if (name !== 'changed' && name !== 'resync') return; // a snapshot says how the centre is; the screens ask for that themselves
    if (name === 'changed' && n <= s.number) {
      s.duplicates++;
      return;
    }
    const gap = name === 'changed' && s.number >= 0 && n > s.number + 1;
    if (gap) s.gaps++;
    if (eventId) {
      // a large change comes in parts, of which the last has the id: only then it is behind us
      if (Number.isFinite(n)) s.number = n;
      id = eventId;
    }
    if (name === 'resync' || gap) {
      s.resyncs++;
      emit({ kind: 'resync' });
    } else if (name === 'changed') {
      s.changes++;
      emit({ kind: 'changed', list: body.changed ?? [] });
    }
  }

  async function read(abort: AbortController): Promise<void> {
    const answer = await fetch(url, { signal: abort.signal, cache: 'no-store', headers: id ? { 'Last-Event-ID': id } : {} });
    if (s.denied !== (answer.status === 401)) {
      s.denied = answer.status === 401;
      tell();
    }
    if (!answer.ok || !answer.body) throw new Error(String(answer.status));
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    s.up = true;
    s.heard = Date.now();
    s.connects++;
    wait = WAIT_MIN_MS;
    tell();
    let text = '',
      name = '',
      eventId = '',
      data = '';
    let watch = setTimeout(() => abort.abort(), SILENT_MS);
    for (;;) {
      const { done, value } = await reader.read();
      clearTimeout(watch);
      if (done) return;
      watch = setTimeout(() => abort.abort(), SILENT_MS);
      s.heard = Date.now();
      text += value;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const line = text.slice(0, end).replace(/\r$/, '');
        text = text.slice(end + 1);
        if (line === '') {
          if (data) event(name, eventId, data);
          name = eventId = data = '';
        } else if (line.startsWith('event: ')) name = line.slice(7);
        else if (line.startsWith('id: ')) eventId = line.slice(4);
        else if (line.startsWith('data: ')) data += line.slice(6);
      }
      tell();
    }
  }

  async function keepReading(): Promise<void> {
    for (;;) {
      try {
        await read(new AbortController());
      } catch {
        /* told by `up` and by the age of the last word */
      }
      if (s.up) {
        s.up = false;
        tell();
      }
      await new Promise(r => setTimeout(r, wait * (0.75 + Math.random() / 2)));
      wait = Math.min(2 * wait, WAIT_MAX_MS);
    }
  }
  void keepReading();
  return s;
}
