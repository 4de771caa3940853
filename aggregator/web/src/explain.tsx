// explain.tsx - the reason of a number: a sheet over the screen with its rule, the figures it is made of and, at the end, the
// signed statements of offices. Its address is in the URL, so a reason can be sent; going back closes it or returns to the figure
// before.
import { useEffect, useRef } from 'preact/hooks';
import { Explain, figureUrl, History, Part, Statement, useQuery } from './api';
import { Badge, Fig, Kind } from './figure';
import { month, percent, time } from './format';
import { Stamp } from './frame';
import { maybe, t } from './i18n';
import { regionName } from './period';
import { filters, go } from './route';
import { Column, Table } from './table';

const kindOf = (measure: string | undefined): Kind =>
  measure === 'absorption' || measure === 'achievement'
    ? 'percent'
    : measure === 'budget' || measure === 'realised' || measure === 'match'
      ? 'money'
      : 'plain';
const measureOf = (address: string | null) => (address ?? '').split('/')[2];

function partColumns(): Column<Part>[] {
  return [
    { key: 'code', title: t('code'), value: p => p.office ?? p.region ?? p.code ?? p.measure ?? '' },
    { key: 'name', title: t('name'), value: p => p.name ?? p.label ?? p.indicator ?? (p.region ? regionName(p.region) : '') },
    {
      key: 'value',
      title: t('value'),
      number: true,
      value: p => p.value,
      show: p => <Fig v={p.value} kind={kindOf(measureOf(p.figure))} at={p.figure} label={p.name ?? p.code ?? ''} />,
    },
    { key: 'share', title: t('share'), number: true, value: p => p.share ?? null, show: p => percent(p.share) },
    { key: 'findings', title: t('findings'), number: true, value: p => p.findings ?? null },
  ];
}
function Parts({ list, title, name }: { list: Part[] | undefined; title: string; name: string }) {
  if (!list || list.length === 0) return null;
  return (
    <Table
      name={name}
      caption={title}
      columns={partColumns()}
      rows={list}
      id={p => `${p.figure}|${p.code}|${p.name}|${p.label}`}
      first={30}
    />
  );
}

export function StatementLine({ s }: { s: Statement }) {
  return (
    <div class="statement" data-statement={`${s.worker}:${s.lsn}:${s.index}`}>
      <p>{t('statementOf', { office: s.office, n: s.sequence, at: time(s.committed_at), pos: `${s.worker}:${s.lsn}` })}</p>
      <dl>
        <div>
          <dt>{t('signed')}</dt>
          <dd>{time(s.signed_at)}</dd>
        </div>
        <div>
          <dt>{t('batch')}</dt>
          <dd>
            <code>{s.batch}</code>
          </dd>
        </div>
        {s.clerk && (
          <div>
            <dt>{t('clerk')}</dt>
            <dd>
              <code>{s.clerk}</code>
            </dd>
          </div>
        )}
        {s.reason && (
          <div>
            <dt>{t('reason')}</dt>
            <dd>{s.reason}</dd>
          </div>
        )}
        {s.origin && (
          <div>
            <dt>{t('origin')}</dt>
            <dd>
              {s.origin.file}:{s.origin.line}
            </dd>
          </div>
        )}
        {s.evidence.map(e => (
          <div key={e.sha256}>
            <dt>{t('evidence')}</dt>
            <dd>
              {e.name} <code>{e.sha256}</code>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Rows({ rows, unit }: { rows: Explain['rows']; unit: Kind }) {
  if (!rows || rows.length === 0) return null;
  return (
    <section>
      <h3>{t('statements')}</h3>
      {rows.map((r, i) => (
        <div key={i} class="row">
          <p>
            <b>{maybe('measure_', r.measure)}</b> · {t('source')} {r.source}
            {r.stage && ` · ${t('stage')} ${r.stage}`}
            {r.account && ` · ${r.account}`}
          </p>
          <ol class="slots">
            {r.slots
              .filter(s => s.statement || s.kind)
              .map(s => (
                <li key={s.month} class={s.used ? 'used' : undefined}>
                  <p>
                    <b>{month(s.month, 'long')}</b> <Fig v={s.value ?? s.kind} kind={s.value ? unit : 'plain'} />{' '}
                    <span class="quiet">{s.basis === 'cumulative' ? t('cumulative') : s.basis ? t('monthly') : ''}</span>
                    {s.used && <Badge mood="good">{t('used')}</Badge>}
                  </p>
                  {s.statement && <StatementLine s={s.statement} />}
                  {(s.earlier ?? []).map((e, k) => (
                    <p key={k} class="quiet">
                      {t('earlier')}: <Fig v={e.value ?? e.kind} kind={e.value ? unit : 'plain'} />{' '}
                      {e.statement && time(e.statement.committed_at)}
                    </p>
                  ))}
                </li>
              ))}
          </ol>
        </div>
      ))}
    </section>
  );
}

function Past({ at }: { at: string }) {
  const q = useQuery<History>(figureUrl(at, 'history'), 1000),
    h = q.data.value;
  if (!h) return <Stamp q={q} />;
  type Row = History['changes'][number];
  const columns: Column<Row>[] = [
    { key: 'at', title: t('at'), value: r => r.at, show: r => time(r.at) },
    { key: 'from', title: t('from'), number: true, value: r => r.from, show: r => <Fig v={r.from} kind={kindOf(measureOf(at))} /> },
    { key: 'to', title: t('to'), number: true, value: r => r.to, show: r => <Fig v={r.to} kind={kindOf(measureOf(at))} /> },
    { key: 'office', title: t('office'), value: r => r.office },
    { key: 'position', title: t('position'), value: r => (r.statement ? `${r.statement.worker}:${r.statement.lsn}` : r.what) },
    { key: 'reason', title: t('reason'), value: r => r.statement?.reason ?? null },
  ];
  return (
    <>
      <Table
        name="history"
        caption={t('historyOf')}
        columns={columns}
        rows={h.changes}
        id={r => `${r.at}|${r.office}|${r.to}|${r.statement?.lsn}|${r.statement?.index}`}
        first={20}
      />
      {h.older && <p class="quiet">{t('older')}</p>}
    </>
  );
}

function Body({ at }: { at: string }) {
  const q = useQuery<Explain>(figureUrl(at, 'explain'), 500),
    x = q.data.value;
  if (!x) return <Stamp q={q} />;
  const kind = kindOf(x.measure),
    past = filters.value.history === '1';
  return (
    <>
      <p class="of">
        {x.office_name ?? x.region_name} · {maybe('measure_', x.measure)} · {x.code === 'total' ? t('total') : x.code} {x.name} ·{' '}
        {t('untilMonth', { month: month(x.until, 'long'), year: x.year })}
      </p>
      <p class="big">
        <Fig v={x.value} kind={kind} />
        {x.unit && <span class="quiet"> {x.unit}</span>}
      </p>
      <Stamp q={q} />
      {x.formula && (
        <p class="formula">
          <b>{t('formula')}:</b> {x.formula}
        </p>
      )}
      {x.reason && (
        <p>
          <Badge mood="warn">{x.reason}</Badge>
        </p>
      )}
      {(x.rules?.length ?? 0) > 0 && (
        <section>
          <h3>{t('rules')}</h3>
          <ul>
            {x.rules.map(r => (
              <li key={r.rule}>
                <code>{r.rule}</code> {r.text}
              </li>
            ))}
          </ul>
        </section>
      )}
      {x.control && (
        <p>
          <Badge mood="warn">{t('control')}</Badge> <Fig v={x.control.printed} kind={kind} /> · {t('computed')}{' '}
          <Fig v={x.control.computed} kind={kind} /> · {t('difference')} <Fig v={x.control.difference} kind={kind} />
        </p>
      )}
      {x.finding && (
        <p>
          <Badge mood={x.state === 'open' ? 'bad' : 'good'}>{x.finding.kind}</Badge> {x.finding.rule}; {t('printed')}{' '}
          {x.finding.printed ?? '–'}, {t('computed')} {x.finding.computed ?? '–'}
        </p>
      )}
      <Parts list={x.components} title={t('components')} name="components" />
      <Parts list={x.places} title={t('places')} name="places" />
      <Parts list={x.parts} title={t('parts')} name="parts" />
      <Rows rows={x.rows} unit={kind === 'percent' ? 'plain' : kind} />
      {(x.findings?.length ?? 0) > 0 && (
        <section>
          <h3>{t('findings')}</h3>
          <ul>
            {x.findings.map(f => (
              <li key={f.figure}>
                <b>{f.kind}</b>: {f.rule}; {t('printed')} {f.printed ?? '–'}, {t('computed')} {f.computed ?? '–'}
              </li>
            ))}
          </ul>
        </section>
      )}
      {(x.notes?.length ?? 0) > 0 && (
        <section>
          <h3>{t('notes')}</h3>
          <ul>
            {x.notes.map((n, i) => (
              <li key={i}>
                {n.kind}: {n.text}
              </li>
            ))}
          </ul>
        </section>
      )}
      <p class="tools">
        <button type="button" aria-expanded={past} onClick={() => go({ history: past ? '' : '1' }, true)}>
          {t('history')}
        </button>
      </p>
      {past && <Past at={at} />}
    </>
  );
}

export function ExplainSheet() {
  const at = filters.value.explain ?? '',
    box = useRef<HTMLDialogElement>(null),
    opener = useRef<Element | null>(null),
    depth = useRef(0);
  useEffect(() => {
    const d = box.current;
    if (!d) return;
    if (at && !d.open) {
      opener.current = document.activeElement;
      depth.current = 0;
      d.showModal();
    } else if (!at && d.open) {
      d.close();
      if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus();
    }
    if (at) {
      depth.current++;
      d.scrollTop = 0;
    }
  }, [at]);
  const close = () => go({ explain: '', history: '' });
  return (
    <dialog
      ref={box}
      class="explain"
      aria-labelledby="explain-title"
      onCancel={e => {
        e.preventDefault();
        close();
      }}
      onClick={e => {
        if (e.target === box.current) close();
      }}
    >
      {at && (
        <div class="inner">
          <header>
            <h2 id="explain-title">
              {t('explain')}: <code>{at}</code>
            </h2>
            <span class="tools">
              {depth.current > 0 && (
                <button type="button" onClick={() => history.back()}>
                  {t('back')}
                </button>
              )}
              <button type="button" class="close" onClick={close}>
                {t('close')}
              </button>
            </span>
          </header>
          <Body key={at} at={at} />
        </div>
      )}
    </dialog>
  );
}
