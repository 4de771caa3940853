// stream_worker.ts - one stream for all tabs of a browser (HTTP/1.1 gives a browser six connections to a host: a stream a tab would
// stop the seventh). A tab says goodbye when it goes; one that could not is forgotten when its lock is free.
import { Message, openStream, StreamState } from './stream';

const ports = new Set<MessagePort>();
let state: StreamState | null = null;

function emit(m: Message): void {
  if (m.kind === 'state') state = m.state;
  if (m.kind === 'state') m = { kind: 'state', state: { ...m.state, tabs: ports.size } };
  for (const p of ports) p.postMessage(m);
}

(self as unknown as { onconnect: (e: MessageEvent) => void }).onconnect = e => {
  const port = e.ports[0]!;
  const gone = () => {
    ports.delete(port);
    if (state) emit({ kind: 'state', state });
  };
  ports.add(port);
  port.onmessage = m => {
    if (m.data === 'bye') gone();
    // held by the tab for as long as it lives
    else if (typeof m.data?.lock === 'string') void navigator.locks?.request(m.data.lock, gone);
  };
  port.start();
  if (state) emit({ kind: 'state', state });
  else state = openStream('/api/v1/events', emit);
};
