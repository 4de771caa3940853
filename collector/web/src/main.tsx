// main.tsx - the office's page: drop a file, see every fault by cell, send, watch receipts arrive.
//
// What is on the screen is what `rekap push` and the collector say; the page computes no figure and keeps nothing. A file is checked
// when it is dropped and sent only by a click; what was sent and became of it is asked from the collector, so it is there again
// after the page was closed. Texts of files and of the centre enter as text nodes only (the policy allows nothing else).
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask, marked, push, Refused, type Checked, type Desk, type Fault, type Receipt, type Sent } from './api';
import { Own } from './own';
import { words, type Lang } from './words';
import './desk.css';

const FILE_MAX = 16 << 20, POLL_MS = 2000;
type Words = typeof words.id;
interface Card { key: number; file: File; office: string; busy: '' | 'check' | 'send'; error: string; checked: Checked | null; sent: boolean }

const time = (t: string | null, lang: Lang) => (t ? new Date(t).toLocaleString(lang === 'id' ? 'id-ID' : 'en-GB') : '');

// ---- faults ----

// A text that begins like a formula is kept from being one in a spreadsheet.
const cell = (s: string) => `"${(/^[=+\-@\t\r]/.test(s) ? `'${s}` : s).replaceAll('"', '""')}"`;

function save(name: string, type: string, ...parts: BlobPart[]) {
  const a = document.createElement('a');
  a.href = URL.createObjectURL(new Blob(parts, { type }));
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10000);
}

const stem = (file: string) => file.replace(/\.[^.]*$/, '');

function saveFaults(file: string, faults: Fault[], w: Words) {
  const rows = faults.map(f => [f.cell ?? '', String(f.line), String(f.column), f.name, f.seen, f.code, f.reason, f.nearest.join(' | ')]);
  const head = [w.place, w.line, w.column, w.name, w.seen, 'kode', w.reason, w.nearest];
  const text = [head, ...rows].map(r => r.map(cell).join(';')).join('\r\n');
  save(`${stem(file)}-kesalahan.csv`, 'text/csv', '\ufeff', text, '\r\n');
}

const where = (f: { cell?: string; line: number; column: number }, w: Words) =>
  f.cell ?? (f.line ? `${w.line} ${f.line}${f.column ? `, ${w.column} ${f.column}` : ''}` : '');

function Faults({ faults, w }: { faults: Fault[]; w: Words }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={w.faults}>
      <table>
        <thead><tr><th>{w.place}</th><th>{w.name}</th><th>{w.seen}</th><th>{w.reason}</th><th>{w.nearest}</th></tr></thead>
        <tbody>
          {faults.map(f => (
            <tr><td>{where(f, w)}</td><td>{f.name}</td><td>{f.seen}</td><td class="bad">{f.reason}</td><td>{f.nearest.join(', ')}</td></tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

// ---- one dropped file ----

function Counts({ c, w }: { c: Checked; w: Words }) {
  const parts: [number, string][] = [[c.accepted, w.accepted], [c.duplicate, w.duplicate], [c.superseded, w.superseded], [c.refused_rows, w.bad]];
  return <p>{c.rows} {w.rows}: {parts.map(([n, what]) => `${n} ${what}`).join(', ')}</p>;
}

type Kind = 'xlsx' | 'csv';
function CardView({ card, w, send, copy, remove }: { card: Card; w: Words; send: () => void; copy: (as: Kind) => void; remove: () => void }) {
  const kinds: Kind[] = /\.xls[xm]$/i.test(card.file.name) ? ['xlsx'] : ['xlsx', 'csv'];
  const c = card.checked, faults = c?.refused ?? [];
  const sendable = c !== null && !card.sent && c.rows - c.refused_rows > 0;
  return (
    <section class="card" data-file={card.file.name}>
      <h2>{card.file.name}</h2>
      {card.busy && <p role="status" class="wait">{card.busy === 'check' ? w.checking : w.sending} ..</p>}
      {card.error && <p role="alert" class="bad">{card.error}</p>}
      {c && <Counts c={c} w={w} />}
      {c && !faults.length && <p class="good">{w.clean}</p>}
      {c && !card.sent && !sendable && <p class="bad">{w.nothing}</p>}
      {card.sent && <p class="good">{w.pushed}</p>}
      {faults.length > 0 && <Faults faults={faults} w={w} />}
      {c && c.notes.length > 0 && (
        <details>
          <summary>{w.notes} ({c.notes.length})</summary>
          <ul>{c.notes.map(n => <li>{where(n, w)} {n.name}: {n.text}</li>)}</ul>
        </details>
      )}
      <div class="row">
        {sendable && <button class="main" disabled={card.busy !== ''} onClick={send}>{faults.length ? w.sendRest : w.send}</button>}
        {faults.length > 0 && kinds.map(k => <button disabled={card.busy !== ''} onClick={() => copy(k)}>{w.marked} ({k.toUpperCase()})</button>)}
        {faults.length > 0 && <button onClick={() => saveFaults(card.file.name, faults, w)}>{w.save}</button>}
        {!card.busy && <button onClick={remove}>{w.remove}</button>}
      </div>
    </section>
  );
}

// ---- what was sent ----

function StateOf({ s, w }: { s: Sent; w: Words }) {
  if (s.last === 0) return <span>{w.unchanged}</span>;
  if (!s.acked) return <span class="wait">{w.waiting}{s.state !== 'OK' ? ` (${s.state_text})` : ''}</span>;
  return <span class="good">{s.receipt_due ? w.due : w.received}</span>;
}

function SentList({ list, w, lang, show }: { list: Sent[]; w: Words; lang: Lang; show: (id: string) => void }) {
  if (!list.length) return <p>{w.none}</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={w.sent}>
      <table id="sent">
        <thead><tr><th>{w.at}</th><th>{w.office}</th><th>{w.file}</th><th>{w.accepted}</th><th>{w.bad}</th><th>{w.state}</th><th>{w.proof}</th></tr></thead>
        <tbody>
          {list.map(s => (
            <tr key={s.id}>
              <td>{time(s.at, lang)}</td><td>{s.office}</td><td>{s.file}</td><td class="n">{s.accepted}</td><td class="n">{s.refused}</td>
              <td><StateOf s={s} w={w} /></td>
              <td>{s.acked && s.receipt && !s.receipt_due && <button onClick={() => show(s.id)}>{w.proof}</button>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Proof({ r, w, lang, close }: { r: Receipt; w: Words; lang: Lang; close: () => void }) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    document.body.classList.add('proof');
    ref.current?.showModal();
    return () => document.body.classList.remove('proof');
  }, []);
  const rows: [string, string][] = [[w.receipt, r.receipt], [w.office, r.office], [w.file, r.file], [w.pushed, time(r.pushed_at, lang)],
    [w.committed, time(r.committed_at, lang)]];
  return (
    <dialog ref={ref} onClose={close} aria-label={w.proofTitle}>
      <h2>{w.proofTitle}</h2>
      <dl>{rows.map(([k, v]) => [<dt>{k}</dt>, <dd>{v}</dd>])}</dl>
      <p>{w.proofHow} <code>rekap receipt verify FILE --key VKEY</code></p>
      <pre>{r.text}</pre>
      <div class="row">
        <button class="main" onClick={() => window.print()}>{w.print}</button>
        <button onClick={() => save(`tanda-terima-${r.id}.txt`, 'text/plain', r.text)}>{w.keep}</button>
        <button onClick={() => ref.current?.close()}>{w.close}</button>
      </div>
    </dialog>
  );
}

// ---- the line to the centre ----

function Line({ desk, error, w, lang }: { desk: Desk | null; error: Error | null; w: Words; lang: Lang }) {
  if (error) return <p role="alert" class="state bad">{error instanceof Refused && error.status === 401 ? w.enter : w.silent}</p>;
  const c = desk?.collector;
  if (!desk) return null;
  if (!c) return <p role="alert" class="state bad">{w.silent}</p>;
  if (c.witness?.fault) return <p role="alert" class="state bad">{w.witness}: {lang === 'en' ? c.witness.text_en : c.witness.text}</p>;
  if (c.store?.full) return <p role="alert" class="state bad">{w.full}</p>;
  return (
    <p role="status" id="line" class={c.session === 'up' ? 'state good' : 'state'}>
      {c.session === 'up' ? w.up : c.refused ? `${w.refused} (${c.refused})` : w.down}
      {(c.tray_waiting ?? 0) > 0 && ` ${c.tray_waiting} ${w.tray}.`}
    </p>
  );
}

// ---- the page ----

function useDesk(): [Desk | null, Error | null, () => void] {
  const [desk, setDesk] = useState<Desk | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const look = () => ask<Desk>('/api/desk').then(d => { setDesk(d); setError(null); }, setError);
  useEffect(() => {
    let over = false, timer = 0;
    const turn = async () => {
      if (!document.hidden) await look();
      if (!over) timer = window.setTimeout(turn, POLL_MS);
    };
    void turn();
    return () => { over = true; clearTimeout(timer); };
  }, []);
  return [desk, error, look];
}

let last = 0;

function Page() {
  const [lang, setLang] = useState<Lang>('id');
  const [desk, error, look] = useDesk();
  const [chosen, setChosen] = useState('');
  const [cards, setCards] = useState<Card[]>([]);
  const [over, setOver] = useState(false);
  const [receipt, setReceipt] = useState<Receipt | null>(null);
  const w = words[lang], office = chosen || desk?.offices[0] || '';
  useEffect(() => { document.documentElement.lang = lang; }, [lang]);

  const change = (key: number, to: Partial<Card>) => setCards(list => list.map(c => (c.key === key ? { ...c, ...to } : c)));
  const run = async (card: Card, verb: 'check' | 'send') => {
    change(card.key, { busy: verb, error: '' });
    try {
      const checked = await push(verb, card.office, card.file, lang, desk?.token ?? '');
      change(card.key, { busy: '', checked, sent: verb === 'send' });
    } catch (e) {
      change(card.key, { busy: '', error: (e as Error).message });
    }
    if (verb === 'send') void look();
  };
  const copy = async (card: Card, as: Kind) => {
    change(card.key, { busy: 'check', error: '' });
    try {
      save(`${stem(card.file.name)}-${w.markedName}.${as}`, '', await marked(as, card.office, card.file, lang, desk?.token ?? ''));
      change(card.key, { busy: '' });
    } catch (e) {
      change(card.key, { busy: '', error: (e as Error).message });
    }
  };
  const take = async (files: Iterable<File>) => {
    const fresh = [...files].map((file): Card => ({ key: ++last, file, office, busy: '', error: file.size > FILE_MAX ? w.large : '', checked: null, sent: false }));
    setCards(list => [...fresh, ...list]);
    for (const card of fresh) if (!card.error) await run(card, 'check');
  };
  const show = (id: string) => ask<Receipt>(`/api/receipt?id=${encodeURIComponent(id)}`).then(setReceipt, () => look());

  return (
    <>
      <header>
        <h1>{w.title}</h1>
        {desk && desk.offices.length > 1 ? (
          <label>{w.office} <select value={office} onChange={e => setChosen(e.currentTarget.value)}>{desk.offices.map(o => <option>{o}</option>)}</select></label>
        ) : <strong>{office}</strong>}
        <button onClick={() => setLang(lang === 'id' ? 'en' : 'id')}>{w.language}</button>
      </header>
      <main>
        <Line desk={desk} error={error} w={w} lang={lang} />
        {office && (
          <label class={over ? 'drop over' : 'drop'}
            onDragOver={e => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
            onDrop={e => { e.preventDefault(); setOver(false); void take(e.dataTransfer?.files ?? []); }}>
            {w.drop}
            <input type="file" multiple accept=".csv,.tsv,.txt,.xlsx,.xlsm,.jsonl,.ndjson"
              onChange={e => { const files = [...(e.currentTarget.files ?? [])]; e.currentTarget.value = ''; void take(files); }} />
          </label>
        )}
        {cards.map(c => <CardView key={c.key} card={c} w={w} send={() => void run(c, 'send')} copy={as => void copy(c, as)} remove={() => setCards(list => list.filter(x => x.key !== c.key))} />)}
        <h2>{w.sent}</h2>
        <SentList list={desk?.sent?.files ?? []} w={w} lang={lang} show={id => void show(id)} />
        {office && <Own key={office} office={office} w={w} lang={lang} />}
      </main>
      {receipt && <Proof r={receipt} w={w} lang={lang} close={() => setReceipt(null)} />}
    </>
  );
}

const root = document.getElementById('desk');
if (root) {
  root.textContent = '';
  render(<Page />, root);
}
