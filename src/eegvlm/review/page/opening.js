// Opening a night and a scoring.

import { at, base, listed, note, page, say } from './state.js';
import { draw } from './view.js';
import { element } from './panels.js';
import { get, post } from './server.js';
import { go } from './moving.js';
import { isCommentNew } from './noted.js';
import { forget, load } from './signal_pages.js';
import { edit, queue, see } from './changes.js';
import { showMontage } from './montage.js';

const CHOSEN = 'chosen'; // how the list of nights was left

export async function open(number) {
  await page.queue; // an edit that is on its way belongs to the night before
  [page.night, page.state, page.mark, page.row] = [number, null, null, null];
  document.querySelector('main').classList.remove('begun');
  forget();
  for (const id of ['where', 'stage', 'review-progress']) at(id).textContent = '';
  say('');
  page.info = await get(`/api/nights/${number}`);
  page.rows = page.info.montage;
  at('title').textContent = page.info.title;
  at('title').title = page.info.title;
  at('name').value = 'main';
  listScorings();
  if (page.info.recording_error) askWhere(page.info.recording_error);
  showMontage(page.rows, page.info.signals, load);
  askWho();
}

export function askWho() {
  at('who').value = page.who || sessionStorage.getItem('eegvlm-who') || '';
  at('basis').replaceChildren(...page.info.bases.map((one) => new Option({ model: "the model's stages", file: "the file's stages", blank: 'no stages' }[one], one)));
  at('begin-error').textContent = '';
  at('blind').checked = false;
  showKnown();
  at('begin').showModal();
}

function listScorings() {
  at('scorings').replaceChildren(...page.info.scorings.map((one) => new Option(`${one.name} (${one.who}, ${one.status})`, one.name)), new Option('new …', ''));
}

// A name that is there already opens that scoring: what a new one would begin with must not seem to count.
export function showKnown() {
  const known = page.info.scorings.find((one) => one.name === at('name').value);
  at('begin-new').hidden = Boolean(known);
  at('begin-known').textContent = known ? `Opens the scoring of ${known.who}${known.blind ? ', blind' : ''}, ${known.status}. Another name begins a new one.` : '';
}

// Nothing can be done before a night and a scoring are chosen: who leaves their dialogs by Escape is asked again.
export function afterBegin() {
  if (page.state) at('scorings').value = page.scoring;
  else if (page.nights > 1) showNights();
  else askWho();
}

export function afterNights() {
  if (!page.state && at('work-list').returnValue !== CHOSEN) showNights();
}

export async function start() {
  const [who, name] = [at('who').value.trim(), at('name').value];
  if (!who) { at('begin-error').textContent = 'Enter your name or initials.'; return; }
  sessionStorage.setItem('eegvlm-who', who);
  await page.queue;
  try {
    const place = `/api/nights/${page.night}/scorings`;
    page.state = page.info.scorings.some((one) => one.name === name)
      ? await get(`${place}/${encodeURIComponent(name)}`)
      : await post(place, { name, who, basis: at('basis').value, blind: at('blind').checked });
  } catch (error) { at('begin-error').textContent = error.message; return; }
  [page.who, page.scoring, page.mark] = [who, name, null];
  at('begin').close();
  await showScoring();
}

export async function showScoring() {
  [page.results, page.details, page.compared] = [null, null, null];
  if (!page.state.hidden) page.results = (await get(`${base()}/results`)).results;
  at('readings').replaceChildren(new Option('–', ''), ...page.state.readings.map((one) => new Option(one, one)));
  document.querySelector('main').classList.add('begun');
  page.info.scorings = (await get(`/api/nights/${page.night}`)).scorings;
  listScorings();
  at('scorings').value = page.scoring;
  const inAddress = /^#epoch=(\d+)$/.exec(location.hash);
  const first = [...listed()].sort((a, b) => a - b)[0] ?? 1; // n goes on from here through the night
  go(inAddress ? Number(inAddress[1]) : first);
  if (page.state.signature && !page.state.outputs) queue(() => post(`${base()}/outputs`));
  if (page.results) readDetails(base());
  showSpectrogram();
}

// After the connection was lost: what is kept now, and what could not be read meanwhile.
export async function goOn(words) {
  if (!page.state) { note(words); return; }
  const comment = isCommentNew() ? { epoch: Number(at('comment').dataset.epoch), text: at('comment').value } : null;
  await queue(() => get(base()), { clears: false });
  if (comment) await edit('comment', comment);
  note(words);
  load();
  see();
  if (page.results && !page.details) readDetails(base());
  if (at('spectrogram').hidden) showSpectrogram();
}

async function readDetails(from) {
  try {
    const details = await get(`${from}/details`);
    if (from !== base()) return;
    if (!details.ready) { setTimeout(() => readDetails(from), 1000); return; }
    [page.details, page.rules] = [details.epochs, details.rules ?? {}];
    if (details.error) say(details.error);
    draw();
  } catch (error) { if (error.status && error.status !== 404) say(error.message); } // 0: the connection is lost, which is said already
}

async function showSpectrogram() {
  const row = page.rows.find((one) => !one.hidden);
  if (!row || page.info.recording_error) return;
  const query = new URLSearchParams({ plus: row.plus, minus: row.minus.length === 1 ? row.minus[0] : '' });
  try {
    const drawn = await get(`/api/nights/${page.night}/spectrogram?${query}`);
    const picture = at('spectrogram');
    picture.hidden = !drawn.image;
    at('spectrogram-row').hidden = !drawn.image;
    at('spectrogram-name').textContent = `${row.name}, to ${drawn.highest_hz} Hz`;
    picture.src = drawn.image ? `data:image/png;base64,${drawn.image}` : 'data:,';
    picture.alt = `Spectrogram of ${row.name}, 0.5 to ${drawn.highest_hz} Hz, ${drawn.low_db?.toFixed(0)} to ${drawn.high_db?.toFixed(0)} dB`;
    picture.title = picture.alt;
  } catch (error) { if (error.status) say(error.message); }
}

export function askWhere(error) {
  at('lost-error').textContent = error;
  if (!at('lost').open) at('lost').showModal();
}

export async function showNights() {
  const { nights } = await get('/api/nights');
  page.nights = nights.length;
  at('back').hidden = !page.state;
  const next = nights.find((one) => one.status === 'to do') ?? nights.find((one) => one.status === 'in work');
  at('work-list').querySelector('tbody').replaceChildren(...nights.map((one) => {
    const row = element('tr');
    const button = element('button', one.title, { type: 'button', disabled: Boolean(one.error) });
    if (page.state && one.number === page.night) button.setAttribute('aria-current', 'true');
    button.autofocus = one === next;
    button.onclick = () => { at('work-list').close(CHOSEN); history.replaceState(null, '', '#'); open(one.number).catch((error) => say(error.message)); };
    const name = element('td');
    name.append(button);
    const who = (one.scorings ?? []).map((scoring) => `${scoring.name}: ${scoring.who}, ${scoring.status}`).join('; ');
    row.append(name, element('td', one.start ? one.start.slice(0, 16).replace('T', ' ') : ''), element('td', one.epochs ? `${(one.epochs / 120).toFixed(1)} h` : ''), element('td', one.status, { className: one.status.replaceAll(' ', '-') }), element('td', one.error ?? who, { className: 'quiet' }));
    return row;
  }));
  at('work-list').returnValue = '';
  if (!at('work-list').open) at('work-list').showModal();
}
