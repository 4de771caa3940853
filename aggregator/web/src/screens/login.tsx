// login.tsx - what stands here when the centre asks who one is: how to get a link, and a place for it. No figure is on this screen.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Badge } from '../figure';
import { Key, t } from '../i18n';
import { ended, enter, Entered } from '../session';

const WHY: Record<Exclude<Entered, 'in'>, Key> = { notLink: 'loginNotLink', used: 'loginUsed', failed: 'loginFailed' };

export function Login() {
  const field = useRef<HTMLInputElement>(null),
    [busy, setBusy] = useState(false),
    [why, setWhy] = useState<Key | null>(null);
  useEffect(() => field.current?.focus(), []);
  async function submit(e: Event) {
    e.preventDefault();
    setBusy(true);
    setWhy(null);
    const done = await enter(field.current?.value ?? '');
    if (done === 'in') return; // this screen is gone
    setBusy(false);
    setWhy(WHY[done]);
    field.current?.focus();
  }
  return (
    <section class="panel login" aria-labelledby="login-title">
      <h1 id="login-title">{t('login')}</h1>
      <div role="status">
        {ended.value && (
          <p>
            <Badge mood="warn">{t('loginEnded')}</Badge>
          </p>
        )}
      </div>
      <p>{t('loginWhy')}</p>
      <ol>
        <li>
          {t('loginAsk')} <code>rekap login --office ID</code> {t('or')} <code>rekap login --role auditor</code>
        </li>
        <li>{t('loginOnce')}</li>
        <li>{t('loginOpen')}</li>
      </ol>
      <form onSubmit={e => void submit(e)}>
        <label class="field">
          <span>{t('loginField')}</span>
          <input
            ref={field}
            name="ticket"
            type="text"
            required
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            aria-invalid={why ? 'true' : undefined}
            aria-describedby="login-why"
          />
        </label>
        <button type="submit" disabled={busy}>
          {t('login')}
        </button>
      </form>
      <div role="alert" id="login-why">
        {why && (
          <p>
            <Badge mood="bad">{t(why)}</Badge>
          </p>
        )}
      </div>
      <p class="quiet">{t('loginPrivacy')}</p>
    </section>
  );
}
