// own.tsx - the office's own figures against its plan and the year before, and beside what the centre holds.
//
// The first half comes from the collector's own copy and needs no centre; the second is asked by a click, says when the centre said
// so, and shows what was last known while it is out of reach. Amounts are moved as texts: only their points are set.
import { useEffect, useState } from 'preact/hooks';
import { ask, type Compared, type Figures } from './api';
import type { Lang, words } from './words';

type Words = typeof words.id;
const MONTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

export function amount(s: string | null | undefined, lang: Lang): string {
  if (s == null) return '';
  const m = /^(-?)(\d+)(?:\.(\d+))?$/.exec(s), [group, point] = lang === 'id' ? ['.', ','] : [',', '.'];
  if (!m) return s;
  const whole = (m[2] ?? '').replace(/\B(?=(\d{3})+$)/g, group ?? '');
  return `${m[1]}${whole}${m[3] ? point + m[3] : ''}`;
}
const when = (t: string | null, lang: Lang) => (t ? new Date(t).toLocaleString(lang === 'id' ? 'id-ID' : 'en-GB') : '');

function Lines({ f, w, lang }: { f: Figures; w: Words; lang: Lang }) {
  const n = (s: string | null) => <td class="n">{amount(s, lang)}</td>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={w.own}>
      <table id="own">
        <thead><tr><th>{w.code}</th><th>{w.name}</th><th>{w.budget}</th><th>{w.plan}</th><th>{w.realised}</th><th>{w.budget}, {w.before}</th><th>{w.realised}, {w.before}</th><th>{w.state}</th></tr></thead>
        <tbody>
          {f.rows.map(r => (
            <tr class={r.code === 'total' ? 'total' : ''}>
              <td>{r.code}</td><td>{r.name}</td>{n(r.budget)}{n(r.cash_plan)}{n(r.realised)}{n(r.last_budget)}{n(r.last_realised)}
              <td>{r.waiting > 0 && <span class="wait">{w.waiting} ({r.waiting})</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Indicators({ f, w, lang }: { f: Figures; w: Words; lang: Lang }) {
  const n = (s: string | null) => <td class="n">{amount(s, lang)}</td>;
  if (!f.indicators.length) return null;
  return (
    <>
      <h3>{w.indicators}</h3>
      <div class="scroll" tabIndex={0} role="region" aria-label={w.indicators}>
        <table>
          <thead><tr><th>{w.code}</th><th>{w.indicators}</th><th>{w.unit}</th><th>{w.target}</th><th>{w.realised}</th><th>{w.realised}, {w.before}</th></tr></thead>
          <tbody>
            {f.indicators.map(i => (
              <tr>
                <td>{i.code}</td><td>{i.indicator}{i.stage && ` (${i.stage})`}</td><td>{i.unit}</td>{n(i.target)}{n(i.reached)}{n(i.last_reached)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Centre({ c, w, lang }: { c: Compared; w: Words; lang: Lang }) {
  const n = (s: string | null | undefined) => <td class="n">{amount(s, lang)}</td>, d = c.centre.deadline?.office, asked = when(c.centre.asked_at, lang);
  const same = c.differs === 0 && c.centre.asked_at;
  return (
    <>
      <p role="status" class={c.centre.reached ? (same ? 'state good' : 'state') : 'state'}>
        {c.centre.reached ? `${w.askedAt} ${asked}.` : `${w.notAsked} (${c.centre.why}); ${w.lastKnown}: ${asked || w.never}.`}{' '}
        {same ? w.equal : c.differs > 0 ? `${c.differs} ${w.unequal}.` : ''}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label={w.centre}>
        <table id="centre">
          <thead><tr><th>{w.code}</th><th>{w.name}</th><th>{w.budget}</th><th>{w.budget}: {w.centre}</th><th>{w.realised}</th><th>{w.realised}: {w.centre}</th><th>{w.state}</th></tr></thead>
          <tbody>
            {c.rows.map(r => (
              <tr class={r.code === 'total' ? 'total' : ''}>
                <td>{r.code}</td><td>{r.name}</td>{n(r.own?.budget)}{n(r.centre?.budget)}{n(r.own?.realised)}{n(r.centre?.realised)}
                <td class={r.state === 'same' ? 'good' : r.state === 'differs' ? 'bad' : 'wait'}>{w[r.state]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {d && <p><strong>{w.deadline} {c.centre.quarter}: {d.date}</strong>{d.working_days_left >= 0 && ` (${d.working_days_left} ${w.days})`}</p>}
      {c.centre.blockers && (
        <>
          <h3>{w.blockers}</h3>
          {c.centre.blockers.length === 0 ? <p class="good">{w.noBlockers}</p> : (
            <ul id="blockers">{c.centre.blockers.map(b => <li>{b.code && `${b.code}: `}{b.text}{b.todo && <><br /><code>{b.todo}</code></>}</li>)}</ul>
          )}
        </>
      )}
    </>
  );
}

export function Own({ office, w, lang }: { office: string; w: Words; lang: Lang }) {
  const [f, setF] = useState<Figures | null>(null);
  const [year, setYear] = useState(0);
  const [until, setUntil] = useState(12);
  const [c, setC] = useState<Compared | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const q = (extra: string) => `office=${encodeURIComponent(office)}&year=${f?.year ?? year}&until=${until}${extra}`;
  useEffect(() => {
    let over = false, timer = 0;
    const turn = async () => {
      if (!document.hidden) await ask<Figures>(`/api/figures?office=${encodeURIComponent(office)}&year=${year}&until=${until}`).then(o => { if (!over) setF(o); }, () => undefined);
      if (!over) timer = window.setTimeout(turn, 5000);
    };
    void turn();
    return () => { over = true; clearTimeout(timer); };
  }, [office, year, until]);
  const compare = async () => {
    setBusy(true);
    setError('');
    try { setC(await ask<Compared>(`/api/centre?${q(`&lang=${lang}`)}`)); } catch (e) { setError((e as Error).message); }
    setBusy(false);
  };
  if (!f?.year) return null;
  return (
    <>
      <h2>{w.own}</h2>
      <p>{w.ownHow}</p>
      <div class="pick">
        <label>{w.year} <select value={f.year} onChange={e => { setYear(Number(e.currentTarget.value)); setC(null); }}>{f.years.map(y => <option value={y}>{y}</option>)}</select></label>
        <label>{w.until} <select value={until} onChange={e => { setUntil(Number(e.currentTarget.value)); setC(null); }}>{MONTHS.map(m => <option value={m}>{m}</option>)}</select></label>
      </div>
      <Lines f={f} w={w} lang={lang} />
      <Indicators f={f} w={w} lang={lang} />
      <h2>{w.centre}</h2>
      <div class="row"><button disabled={busy} onClick={() => void compare()}>{w.compare}</button>{busy && <span role="status" class="wait">{w.comparing} ..</span>}</div>
      {error && <p role="alert" class="bad">{error}</p>}
      {c && <Centre c={c} w={w} lang={lang} />}
    </>
  );
}
